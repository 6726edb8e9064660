package pluginhost_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
)

// mailbox is a plugin with services. What its inbox may do at the moment, find tells.
func mailbox() sdk.Plugin {
	var held atomic.Pointer[sdk.Host]
	return sdk.Plugin{
		Name: "p", Version: "1.0.0",
		Services: map[string]sdk.ServiceFunc{
			"inbox": func(ctx context.Context, host sdk.Host) error {
				held.Store(&host)
				<-ctx.Done()
				return ctx.Err()
			},
			"fails":   func(context.Context, sdk.Host) error { return errors.New("no route to the mail server") },
			"panics":  func(context.Context, sdk.Host) error { panic("no such letter") },
			"returns": func(context.Context, sdk.Host) error { return nil },
		},
		Operations: []sdk.Operation{
			sdk.Query("running", func(context.Context, sdk.Host, struct{}) (bool, error) { return held.Load() != nil, nil }).ForEverybody(),
			sdk.Mutation("find", func(ctx context.Context, _ sdk.Host, in struct {
				Entity string `json:"entity"`
			}) (string, error) {
				if _, err := (*held.Load()).Find(ctx, sdk.Criteria{Entity: in.Entity}); err != nil {
					return err.Error(), nil
				}
				return "found", nil
			}).ForEverybody(),
		},
	}
}

const mailboxNeeds = "needs: {asPlugin: true, services: [inbox, fails, panics, returns]}\n"

func withMailbox(t *testing.T) *pluginhost.Host {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "mailbox", "1.0.0", mailboxNeeds)
	h := start(t, pluginhost.Config{Dir: dir})
	await(t, h, "p", in(pluginhost.Serving))
	return h
}

// runs begins the inbox, and returns when it goes on.
func runs(ctx context.Context, t *testing.T, h *pluginhost.Host, now func() (record.Basis, bool)) (ended chan error) {
	t.Helper()
	ended = make(chan error, 1)
	go func() { ended <- h.RunService(ctx, now, "p", "inbox") }()
	awaitTrue(t, h, func() bool {
		on, err := h.Call(t.Context(), record.Basis{Model: model(t)}, agent, operation(t, h, "running"), map[string]any{}, record.Key{})
		return err == nil && on == true
	})
	return ended
}

// finds is what the inbox finds of an entity, or what it is told.
func finds(t *testing.T, h *pluginhost.Host, entity string) string {
	t.Helper()
	said, err := h.Call(t.Context(), record.Basis{Model: model(t)}, agent, operation(t, h, "find"), map[string]any{"entity": entity}, record.Key{})
	if err != nil {
		t.Fatal(err)
	}
	return said.(string)
}

func TestAServiceGoesByTheModelOfNow(t *testing.T) {
	t.Parallel()
	h := withMailbox(t)
	var m atomic.Pointer[schema.Model]
	m.Store(model(t))
	runs(t.Context(), t, h, func() (record.Basis, bool) { return record.Basis{Model: m.Load()}, true })
	if said := finds(t, h, "letter"); !strings.Contains(said, "letter") {
		t.Errorf("before there are letters it is told %q", said)
	}
	m.Store(model(t, schema.Source{Layer: "test", File: "letter.yaml", Data: []byte("entity: letter\nfields:\n  title: {type: text}\n")}))
	if said := finds(t, h, "letter"); said != "found" {
		t.Errorf("when there are letters it is told %q", said)
	}
}

func TestAServiceIsRefusedFromItsEndOn(t *testing.T) {
	t.Parallel()
	h := withMailbox(t)
	ctx, end := context.WithCancel(t.Context())
	ended := runs(ctx, t, h, func() (record.Basis, bool) { return record.Basis{Model: model(t)}, true })
	if said := finds(t, h, "ticket"); said != "found" {
		t.Fatalf("while it runs it is told %q", said)
	}
	end()
	if said := finds(t, h, "ticket"); !strings.Contains(said, contract.Over().Error()) {
		t.Errorf("after its end it is told %q", said)
	}
	<-ended
}

// The context of a service ends a moment late where the process was paused.
func TestAServiceIsRefusedAsSoonAsItsLeaseIsOver(t *testing.T) {
	t.Parallel()
	h := withMailbox(t)
	var lost atomic.Bool
	runs(t.Context(), t, h, func() (record.Basis, bool) { return record.Basis{Model: model(t)}, !lost.Load() })
	if said := finds(t, h, "ticket"); said != "found" {
		t.Fatalf("while it has its lease it is told %q", said)
	}
	lost.Store(true)
	if said := finds(t, h, "ticket"); !strings.Contains(said, contract.Over().Error()) {
		t.Errorf("without its lease it is told %q", said)
	}
}

func TestAServiceThatEndsByItselfSaysWhy(t *testing.T) {
	t.Parallel()
	h := withMailbox(t)
	for service, want := range map[string]string{
		"fails": "no route to the mail server", "panics": "no such letter", "returns": "the service returned by itself; go on until ctx ends",
	} {
		err := h.RunService(t.Context(), func() (record.Basis, bool) { return record.Basis{Model: model(t)}, true }, "p", service)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the service %s ends with %v; want that it says %q", service, err, want)
		}
	}
}

func TestAServiceThatWasNotGrantedKeepsItsPluginFromServing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "mailbox", "1.0.0", "needs: {asPlugin: true, services: [fails, panics, returns]}\n")
	h := start(t, pluginhost.Config{Dir: dir, Admit: func(o snapshot.Offer) error {
		if o.Check != nil {
			if err := o.Check(model(t)); err != nil {
				return err
			}
		}
		return admitted(o)
	}})
	got := await(t, h, "p", in(pluginhost.Invalid))
	const want = "p/plugin.yaml: service inbox: it goes on by itself for as long as the plugin runs; needs has to have services: [inbox]"
	if !strings.Contains(got.LastError, want) {
		t.Errorf("LastError = %q, want it to say %s", got.LastError, want)
	}
}
