package plugintest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
)

// Host is the other side of a plugin under test. It is safe for concurrent
// use, as a plugin's handlers are.
type Host struct {
	t      testing.TB
	model  *schema.Model
	rules  []string // entities that the plugin has rules for
	plugin pluginpb.PluginClient
	store  store
}

// Start runs a plugin until the test ends. A mistake in the plugin or in its
// entities ends the test.
func Start(t testing.TB, p sdk.Plugin) *Host {
	t.Helper()
	transport, err := sdk.NewTransport(p, func() {})
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{t: t, store: store{byID: map[string]*stored{}}}
	client, server := goplugin.TestPluginGRPCConn(t, false, map[string]goplugin.Plugin{
		pluginpb.Service: &wire{Transport: transport, host: h},
	})
	t.Cleanup(func() {
		_ = client.Close() // the plugin answers that it has stopped by stopping
		server.Stop()
	})
	if _, err := client.Dispense(pluginpb.Service); err != nil {
		t.Fatal(err)
	}
	lifeline, err := h.plugin.Watch(context.Background(), &pluginpb.WatchRequest{})
	if err == nil {
		_, err = lifeline.Recv()
	}
	if err != nil {
		t.Fatalf("open the lifeline of the plugin: %v", err)
	}
	description, err := h.plugin.Describe(t.Context(), &pluginpb.DescribeRequest{})
	if err != nil {
		t.Fatalf("ask the plugin what it is: %v", err)
	}
	if err := manifestSaysTheSame(p); err != nil {
		t.Error(err)
	}
	h.rules = description.GetBeforeSave()
	h.load(description)
	return h
}

// manifestSaysTheSame compares the plugin with the plugin.yaml that lies beside
// the test: the host does not serve a plugin that differs from its manifest.
func manifestSaysTheSame(p sdk.Plugin) error {
	data, err := os.ReadFile("plugin.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var manifest struct{ Name, Version string }
	if err == nil {
		err = yaml.Unmarshal(data, &manifest)
	}
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	if manifest.Name != p.Name || manifest.Version != p.Version {
		return fmt.Errorf("plugin.yaml is that of %s %s, but the plugin is %s %s", manifest.Name, manifest.Version, p.Name, p.Version)
	}
	return nil
}

// load checks the plugin's entities together with the shipped ones.
func (h *Host) load(d *pluginpb.DescribeResponse) {
	h.t.Helper()
	sources := entities.Sources()
	for _, file := range d.GetEntities() {
		sources = append(sources, schema.Source{Layer: "plugin " + d.GetName(), File: file.GetPath(), Data: file.GetYaml()})
	}
	var err error
	if h.model, err = schema.Load(sources...); err != nil {
		h.t.Fatalf("the entities of the plugin:\n%v", err)
	}
}

// Add stores a record as it is, without the rules of the plugin.
func (h *Host) Add(entity string, values map[string]any) *sdk.Record {
	h.t.Helper()
	e, err := h.model.Find(entity)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := h.store.put(e, "", 0, values, func(*stored) error { return nil })
	if err != nil {
		h.t.Fatalf("add a %s: %v", entity, err)
	}
	return r.record(h.t, e)
}

// Save creates the record, or updates the one with its id, as a user would:
// through the definition of its entity and the rules of the plugin. A nil
// value clears a field.
func (h *Host) Save(r *sdk.Record) (*sdk.Record, error) {
	h.t.Helper()
	e, err := h.model.Find(r.Entity)
	if err != nil {
		h.t.Fatal(err)
	}
	saved, err := h.save(h.t.Context(), e, r.ID, r.Version, r.Values)
	if err != nil {
		return nil, err
	}
	return saved.record(h.t, e), nil
}

// Get returns a record as it is stored. One that is not there ends the test.
func (h *Host) Get(entity, id string) *sdk.Record {
	h.t.Helper()
	e, err := h.model.Find(entity)
	if err != nil {
		h.t.Fatal(err)
	}
	r := h.store.get(e, id)
	if r == nil {
		h.t.Fatalf("there is no %s %s", entity, id)
	}
	return r.record(h.t, e)
}

// Call carries out an operation of the plugin. A record in the result is its
// id, a whole number an int64.
func (h *Host) Call(operation string, arguments map[string]any) (any, error) {
	h.t.Helper()
	encoded, err := pluginpb.Encode(arguments)
	if err != nil {
		h.t.Fatal(err)
	}
	answer, err := h.plugin.Call(h.t.Context(), &pluginpb.CallRequest{Context: during(mutation), Operation: operation, Arguments: encoded})
	if err == nil {
		err = refusal(answer.GetError())
	}
	if err != nil {
		return nil, err
	}
	return pluginpb.DecodeAny(answer.GetResult())
}

// Resolve computes a field of the plugin for records that are stored, in one
// call. Values are as in Call.
func (h *Host) Resolve(entity, field string, parents ...*sdk.Record) ([]any, error) {
	h.t.Helper()
	e, err := h.model.Find(entity)
	if err != nil {
		h.t.Fatal(err)
	}
	request := &pluginpb.ResolveRequest{Context: during(reading), Entity: entity, Field: field}
	for _, parent := range parents {
		r := h.store.get(e, parent.ID)
		if r == nil {
			h.t.Fatalf("there is no %s %s", entity, parent.ID)
		}
		request.Parents = append(request.Parents, r.encode(e))
	}
	answer, err := h.plugin.Resolve(h.t.Context(), request)
	if err == nil {
		err = refusal(answer.GetError())
	}
	if err != nil {
		return nil, err
	}
	values := make([]any, len(answer.GetValues()))
	for i, value := range answer.GetValues() {
		if values[i], err = pluginpb.DecodeAny(value); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Finds returns how often the plugin has asked for records with Find: each
// page is a question.
func (h *Host) Finds() int {
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	return h.store.finds
}

// wire is both ends of the connection.
type wire struct {
	*sdk.Transport
	host *Host
}

func (w *wire) GRPCClient(_ context.Context, broker *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	go broker.AcceptAndServe(pluginpb.HostService, func(options []grpc.ServerOption) *grpc.Server {
		s := grpc.NewServer(options...)
		pluginpb.RegisterHostServer(s, &callbacks{Host: w.host})
		return s
	})
	w.host.plugin = pluginpb.NewPluginClient(conn)
	return w.host, nil
}

// The tokens of calls say what may be done meanwhile.
const (
	mutation = "mutation"
	reading  = "reading"
)

func during(what string) *pluginpb.CallContext {
	return &pluginpb.CallContext{CallId: "test", Token: what, Depth: 1}
}

// refusal returns an *sdk.Error, or nil.
func refusal(e *pluginpb.Error) error {
	if e == nil {
		return nil
	}
	err := &sdk.Error{Code: e.GetCode(), Message: e.GetMessage()}
	for _, v := range e.GetViolations() {
		err.Violations = append(err.Violations, schema.Violation{Field: v.GetField(), Rule: v.GetRule(), Message: v.GetMessage()})
	}
	return err
}

func toWire(err error) *pluginpb.Error {
	var ours *sdk.Error
	if !errors.As(err, &ours) {
		return &pluginpb.Error{Code: sdk.Invalid, Message: err.Error()}
	}
	e := &pluginpb.Error{Code: ours.Code, Message: ours.Message}
	for _, v := range ours.Violations {
		e.Violations = append(e.Violations, &pluginpb.Violation{Field: v.Field, Rule: v.Rule, Message: v.Message})
	}
	return e
}

// now is fixed, so that tests can compare.
func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func notFound(entity, id string) error {
	return &sdk.Error{Code: sdk.NotFound, Message: fmt.Sprintf("There is no %s with the id %s, or you may not see it.", entity, id)}
}

func notSaved(e *schema.Entity) string {
	return fmt.Sprintf("The %s was not saved: some fields need attention.", e.Name)
}

// invalid carries the violations over, if there are any.
func invalid(message string, err error) error {
	e := &sdk.Error{Code: sdk.Invalid, Message: message}
	var violations schema.Violations
	if errors.As(err, &violations) {
		e.Violations = violations
	}
	return e
}
