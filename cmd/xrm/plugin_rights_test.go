package main

import (
	"context"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
)

// playIntruder tries what it is told to.
func playIntruder(p *sdk.Plugin) {
	p.Operations = []sdk.Operation{sdk.Mutation("try", try)}
}

type tryIn struct {
	What string `json:"what"`
	ID   sdk.ID `json:"id"`
}

func try(ctx context.Context, host sdk.Host, in tryIn) (string, error) {
	id := string(in.ID)
	var err error
	switch in.What {
	case "read":
		_, err = host.Get(ctx, "product", id)
	case "write":
		_, err = host.Create(ctx, &sdk.Record{Entity: "product", Values: map[string]any{"sku": "P-2", "name": "Cat food"}})
	case "write a field":
		_, err = host.Update(ctx, &sdk.Record{Entity: "customer", ID: id, Values: map[string]any{"city": "Bonn"}})
	case "write another field":
		_, err = host.Update(ctx, &sdk.Record{Entity: "customer", ID: id, Values: map[string]any{"displayName": "Napf"}})
	case "delete":
		err = host.Delete(ctx, "customer", id, 0)
	case "for itself":
		_, err = host.AsPlugin().Get(ctx, "customer", id)
	case "secret":
		_, err = host.Secret(ctx, "token")
	}
	return "done", err
}

func TestWhatTheManifestDoesNotAskForIsRefusedWithTheLineThatItLacks(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "intruder", `needs: {records: {customer: {read: true, update: true, fields: {city: read, displayName: write}}}}`)
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("intruder")
	customer, product := p.customer("Futterhaus"), p.product("P-1", "Dog food")
	const then = "Then approve it: xrm plugin approve intruder."
	for what, want := range map[string]string{
		"read":                "FORBIDDEN The plugin intruder may not read products: nobody has granted that. Under needs.records its plugin.yaml has to have product: {read: true}. " + then,
		"write":               "FORBIDDEN The plugin intruder may not create products: nobody has granted that. Under needs.records its plugin.yaml has to have product: {create: true}. " + then,
		"write a field":       "FORBIDDEN The plugin intruder may not write all of these fields. Under needs.records its plugin.yaml has to have them. " + then + " city may not be written by the plugin intruder",
		"write another field": "no error",
		"delete":              "FORBIDDEN The plugin intruder may not delete customers: nobody has granted that. Under needs.records its plugin.yaml has to have customer: {delete: true}. " + then,
		"for itself":          "FORBIDDEN The plugin intruder may not act for itself, as it wanted to. Under needs its plugin.yaml has to have asPlugin: true. " + then,
		"secret":              "FORBIDDEN The plugin intruder may not read the secret token. Under needs its plugin.yaml has to have secrets: [token]. " + then,
	} {
		id := customer
		if what == "read" {
			id = product
		}
		if got := refusal(p.ask(`mutation ($what: String!, $id: ID!) { try(what: $what, id: $id) }`, map[string]any{"what": what, "id": id}, new(rawText))); got != want {
			t.Errorf("%s:\n%s, want\n%s", what, got, want)
		}
	}
	p.stop()
}

// customer makes a customer and returns its id.
func (p *process) customer(name string) string {
	p.t.Helper()
	var made struct {
		CreateCustomer struct{ Customer struct{ ID string } }
	}
	if err := p.ask(`mutation ($name: String!) { createCustomer(data: {kind: organization, displayName: $name, city: "Berlin"}) { customer { id } } }`, map[string]any{"name": name}, &made); err != nil {
		p.t.Fatal(err)
	}
	return made.CreateCustomer.Customer.ID
}

func TestAPluginDoesForItselfWhatItsUserMayNot(t *testing.T) {
	t.Parallel()
	plugins, data := t.TempDir(), t.TempDir()
	cast(t, plugins, "intruder", `needs: {asPlugin: true, records: {customer: {read: true}}}`)
	roles := t.TempDir()
	write(t, filepath.Join(roles, "nobody.yaml"), "role: nobody\nproduct: {read: true}\noperations: [try]\n")
	p := spawn(t, data, nil, "--plugins", plugins, "--roles", roles).ready()
	p.pluginProcess("intruder")
	id, key := p.customer("Futterhaus"), p.key("nobody", "--roles", roles)
	attempt := func(what string) string {
		return refusal(p.askWith(key, `mutation ($what: String!, $id: ID!) { try(what: $what, id: $id) }`, map[string]any{"what": what, "id": id}, new(rawText)))
	}
	if got, want := attempt("for itself"), "no error"; got != want {
		t.Errorf("for itself: %s, want %s", got, want)
	}
	if got := attempt("write another field"); !strings.HasPrefix(got, "FORBIDDEN ") {
		t.Errorf("for its user: %s, want FORBIDDEN", got)
	}
	p.stop()
}

// playDesk offers something to each kind of user.
func playDesk(p *sdk.Plugin) {
	say := func(context.Context, sdk.Host, struct{}) (string, error) { return "done", nil }
	p.Entities = fstest.MapFS{"entities/ticket.yaml": {Data: []byte("entity: ticket\nfields:\n  note: {type: text}\n")}}
	p.Operations = []sdk.Operation{
		sdk.Query("hours", say).ForEverybody(),
		sdk.Query("load", say).Needs("ticket.read"),
		sdk.Query("settle", say).Needs("ticket.read", "ticket.update"),
		sdk.Query("audit", say),
	}
}

func TestAPluginSaysWhoMayStartWhatAndShipsRolesForIt(t *testing.T) {
	t.Parallel()
	plugins, data, roles := t.TempDir(), t.TempDir(), t.TempDir()
	cast(t, plugins, "desk", "needs:\n  roles:\n    agent: {ticket: {read: true, update: true}}\n    auditor: {operations: [audit]}")
	write(t, filepath.Join(roles, "seller.yaml"), "role: seller\nproduct: true\n")
	told := succeeds(t, []string{"XRM_PLUGINS=" + plugins}, "plugin", "approve", "desk", "--yes")
	const accepted = "ship the role desk.agent, whose keys may do {ticket: {read: true, update: true}}"
	if !strings.Contains(told, accepted) {
		t.Errorf("approve says\n%s\nwithout %s", told, accepted)
	}
	p := spawn(t, data, nil, "--plugins", plugins, "--roles", roles, "--trust", "approved").ready()
	p.pluginProcess("desk")
	withRoles := []string{"--roles", roles, "--plugins", plugins}
	keys := map[string]string{}
	for _, role := range []string{"seller", "reader", "desk.agent", "desk.auditor"} {
		keys[role] = p.key(role, withRoles...)
	}
	starts := func() map[string]string {
		got := map[string]string{}
		for role, key := range keys {
			var able []string
			for _, operation := range []string{"hours", "load", "settle", "audit"} {
				if err := p.askWith(key, "{ "+operation+" }", nil, new(rawText)); err == nil {
					able = append(able, operation)
				} else if want := "INVALID Cannot query field \"" + operation + "\""; !strings.HasPrefix(refusal(err), want) {
					t.Errorf("%s: %s: %s, want %s", role, operation, refusal(err), want)
				}
			}
			got[role] = strings.Join(able, " ")
		}
		return got
	}
	want := map[string]string{"seller": "hours", "reader": "hours load", "desk.agent": "hours load settle", "desk.auditor": "hours audit"}
	if diff := cmp.Diff(want, starts()); diff != "" {
		t.Errorf("what keys start (-want +got):\n%s", diff)
	}
	if got := p.must(`mutation { createApiKey(roles: ["desk.agent"]) { apiKey { roles } } }`, nil); got != `{"createApiKey":{"apiKey":{"roles":["desk.agent"]}}}` {
		t.Errorf("a key by the API: %s", got)
	}
	const nobody = `INVALID The key was not made: some arguments need attention. roles must exist: there is no role "desk.boss"`
	if got := refusal(p.ask(`mutation { createApiKey(roles: ["desk.boss"]) { secret } }`, nil, new(rawText))); got != nobody {
		t.Errorf("a key with a role that is not shipped: %s, want %s", got, nobody)
	}

	approved := filepath.Join(plugins, "approved.yaml")
	write(t, approved, regexp.MustCompile(`(?m)^ *auditor: .*\n`).ReplaceAllString(read(t, approved), ""))
	p.await(p.log, `(?s)msg="plugin serves".*msg="plugin serves"`)
	want["desk.auditor"] = "hours"
	if diff := cmp.Diff(want, starts()); diff != "" {
		t.Errorf("without the role of auditors (-want +got):\n%s", diff)
	}
	succeeds(t, []string{"XRM_PLUGINS=" + plugins}, "plugin", "disable", "desk")
	p.becomes(`{ plugins { state } }`, nil, `{"plugins":[{"state":"DISABLED"}]}`)
	if got := refusal(p.askWith(keys["desk.agent"], `{ tickets { nodes { id } } }`, nil, new(rawText))); !strings.HasPrefix(got, "INVALID ") {
		t.Errorf("an agent without the plugin: %s", got)
	}
	p.stop()
}

// key makes a key with a role.
func (p *process) key(role string, flags ...string) string {
	p.t.Helper()
	status, key, complaints := command(p.t, []string{"XRM_DATA=" + p.data}, append([]string{"key", "create", "--role", role}, flags...)...)
	if status != 0 {
		p.t.Fatal(complaints)
	}
	return strings.TrimSpace(key)
}

// playGreedy contributes to what is not its own.
func playGreedy(p *sdk.Plugin) {
	p.BeforeSave = map[string]sdk.SaveFunc{"customer": judgeVisit}
	p.BeforeDelete = map[string]sdk.DeleteFunc{"product": judgeVisit}
	p.Events = []sdk.Subscription{sdk.On("order.created", ignore)}
	p.Fields = []sdk.Field{sdk.Computed("customer", "mood", moods)}
	p.Endpoints = []sdk.Endpoint{sdk.HTTP("POST /erp", takeOrder)}
}

func ignore(context.Context, sdk.Host, *sdk.Event) error { return nil }

func moods(_ context.Context, _ sdk.Host, parents []*sdk.Record) ([]string, error) {
	return make([]string, len(parents)), nil
}

func TestAPluginThatTakesMoreThanItAskedForDoesNotServe(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "greedy", "")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	const then = "; then approve it: xrm plugin approve greedy"
	want := `{"plugins":[{"state":"INVALID","lastError":"` + strings.Join([]string{
		"invalid: greedy/plugin.yaml: BeforeSave: customer is not the plugin's own; needs has to have rules: [customer]" + then,
		"greedy/plugin.yaml: BeforeDelete: product is not the plugin's own; needs has to have rules: [product]" + then,
		"greedy/plugin.yaml: field customer.mood: customer is not the plugin's own; needs has to have fields: [customer]" + then,
		"greedy/plugin.yaml: topic order.created: these events are not the plugin's own; needs has to have events: [order.created]" + then,
		`greedy/plugin.yaml: endpoint /erp: it is open to everybody; needs has to have http: [\"POST /erp\"]` + then,
	}, `\n`) + `"}]}`
	p.becomes(`{ plugins { state lastError } }`, nil, want)
	p.stop()
}

// playNosy tells what it gets to see of customers.
func playNosy(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{"entities/sight.yaml": {Data: []byte("entity: sight\nfields:\n  where: {type: text, unique: true}\n  fields: {type: text}\n")}}
	p.BeforeSave = map[string]sdk.SaveFunc{"customer": func(_ context.Context, _ sdk.Host, r *sdk.Record) error {
		if r.Text("displayName") == "Spy" {
			return sdk.Reject("displayName", "is seen with "+seenOf(r))
		}
		return nil
	}}
	p.BeforeDelete = map[string]sdk.DeleteFunc{"customer": func(_ context.Context, _ sdk.Host, r *sdk.Record) error {
		return sdk.Reject("displayName", "is that of "+seenOf(r))
	}}
	p.Fields = []sdk.Field{sdk.Computed("customer", "seen", func(_ context.Context, _ sdk.Host, parents []*sdk.Record) ([]string, error) {
		all := make([]string, len(parents))
		for i, parent := range parents {
			all[i] = seenOf(parent)
		}
		return all, nil
	})}
	p.Events = []sdk.Subscription{sdk.On("customer.created", func(ctx context.Context, host sdk.Host, e *sdk.Event) error {
		var paths []string
		for _, c := range e.Changes {
			paths = append(paths, c.Path)
		}
		_, err := host.Upsert(ctx, &sdk.Record{Entity: "sight", Values: map[string]any{"where": "event", "fields": strings.Join(paths, " ")}}, "where")
		return err
	})}
}

func seenOf(r *sdk.Record) string { return strings.Join(slices.Sorted(maps.Keys(r.Values)), " ") }

func TestAFieldThatAPluginMayNotSeeReachesItNowhere(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "nosy", `needs: {asPlugin: true, rules: [customer], fields: [customer], events: [customer.created], records: {customer: {read: true, fields: {displayName: read}}}}`)
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("nosy")
	p.subscribed("nosy")
	id := map[string]any{"id": p.customer("Futterhaus")}
	got := map[string]string{
		"hook":     refusal(p.ask(`mutation { createCustomer(data: {kind: organization, displayName: "Spy", city: "Berlin"}) { customer { id } } }`, nil, new(rawText))),
		"deletion": refusal(p.ask(`mutation ($id: ID!) { deleteCustomer(id: $id) { customer { id } } }`, id, new(rawText))),
		"parent":   p.must(`query ($id: ID!) { customer(id: $id) { seen } }`, id),
	}
	p.becomes(`{ sights { nodes { fields } } }`, nil, `{"sights":{"nodes":[{"fields":"customer.since displayName"}]}}`)
	want := map[string]string{
		"hook":     "INVALID The customer was not saved: some fields need attention. displayName is seen with displayName since",
		"deletion": "INVALID The customer was not deleted: some fields need attention. displayName is that of displayName since",
		"parent":   `{"customer":{"seen":"displayName since"}}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the plugin sees (-want +got):\n%s", diff)
	}
	p.stop()
}
