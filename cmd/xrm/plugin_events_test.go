package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
)

const (
	ledgerYAML = `entity: ledgerEntry
plural: ledgerEntries
fields:
  event: {type: text, required: true, unique: true}
  product: {type: text, required: true, index: true}
  sequence: {type: integer, required: true, index: true}
  action: {type: text}
  early: {type: boolean, index: true}
`
	ledgerNeeds = `needs: {events: ["product.*"], asPlugin: true, records: {product: {read: true}}}`
)

// playLedger keeps one entry for each event of a product. An entry is early when
// it comes before that of the version before.
func playLedger(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{"entities/ledger.yaml": {Data: []byte(ledgerYAML)}}
	p.Events = []sdk.Subscription{sdk.On("product.*", enter)}
}

func enter(ctx context.Context, host sdk.Host, e *sdk.Event) error {
	before, err := host.Find(ctx, sdk.Criteria{Entity: "ledgerEntry", Filter: sdk.Filter{
		"product": sdk.Filter{"eq": e.RecordID}, "sequence": sdk.Filter{"eq": e.Sequence - 1}}})
	if err != nil {
		return err
	}
	for _, c := range e.Changes {
		if c.Path == "name" && c.To == "Poison" {
			return poisoned(ctx, host, e)
		}
	}
	_, err = host.Upsert(ctx, &sdk.Record{Entity: "ledgerEntry", Values: map[string]any{
		"event": e.ID, "product": e.RecordID, "sequence": e.Sequence, "action": e.Action, "early": len(before) == 0 && e.Sequence > 1,
	}}, "event")
	return err
}

// poisoned gives an event up unless the product has been given another name.
func poisoned(ctx context.Context, host sdk.Host, e *sdk.Event) error {
	product, err := host.Get(ctx, "product", e.RecordID)
	if err != nil {
		return err
	}
	if product.Text("name") == "Poison" {
		return sdk.DeadLetter(errors.New("nobody eats poison"))
	}
	_, err = host.Upsert(ctx, &sdk.Record{Entity: "ledgerEntry", Values: map[string]any{"event": e.ID, "product": e.RecordID, "sequence": e.Sequence, "action": "mended"}}, "event")
	return err
}

// product makes a product and returns its id.
func (p *process) product(sku, name string) string {
	p.t.Helper()
	var made struct {
		CreateProduct struct{ Product struct{ ID string } }
	}
	if err := p.ask(`mutation ($sku: String!, $name: String!) { createProduct(data: {sku: $sku, name: $name}) { product { id } } }`, map[string]any{"sku": sku, "name": name}, &made); err != nil {
		p.t.Fatal(err)
	}
	return made.CreateProduct.Product.ID
}

// becomes waits for an answer.
func (p *process) becomes(query string, variables map[string]any, want string) {
	p.t.Helper()
	eventually(p.t, func() string {
		if got := p.must(query, variables); got != want {
			return fmt.Sprintf("%s answers\n%s, want\n%s", query, got, want)
		}
		return ""
	})
}

const entriesOf = `query ($id: String) { ledgerEntries(filter: {product: {eq: $id}}, orderBy: [{sequence: ASC}]) { nodes { sequence action early } } }`

func TestAPluginIsToldOfWhatHappensToProducts(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "ledger", ledgerNeeds)
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("ledger")
		id := map[string]any{"id": p.product("P-1", "Dog food")}
		p.must(`mutation ($id: ID!) { updateProduct(id: $id, data: {unitsInStock: 7}) { product { id } } }`, id)
		p.must(`mutation ($id: ID!) { deleteProduct(id: $id) { product { id } } }`, id)
		p.must(`mutation ($id: ID!) { restoreProduct(id: $id) { product { id } } }`, id)
		p.becomes(entriesOf, id, `{"ledgerEntries":{"nodes":[{"sequence":1,"action":"created","early":false},{"sequence":2,"action":"updated","early":false},{"sequence":3,"action":"deleted","early":false},{"sequence":4,"action":"restored","early":false}]}}`)
		p.stop()
	})
}

func TestADeadLetterIsListedAndReplayedAndDiscarded(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "ledger", ledgerNeeds)
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("ledger")
		mended, spoiled := p.product("P-1", "Poison"), p.product("P-2", "Poison")
		p.becomes(`{ plugins { name events { waiting dead } } }`, nil, `{"plugins":[{"name":"ledger","events":{"waiting":0,"dead":2}}]}`)
		var letters struct {
			DeadLetters []struct{ ID, Topic, Key, Reason string }
		}
		if err := p.ask(`{ deadLetters(plugin: "ledger") { id topic key reason } }`, nil, &letters); err != nil {
			t.Fatal(err)
		}
		ids := map[string]string{} // by product
		for _, l := range letters.DeadLetters {
			if l.Topic != "product.created" || l.Reason != "nobody eats poison" {
				t.Errorf("the dead letter is %+v", l)
			}
			ids[l.Key] = l.ID
		}

		p.must(`mutation ($id: ID!) { updateProduct(id: $id, data: {name: "Dog food"}) { product { id } } }`, map[string]any{"id": mended})
		replay := `mutation ($ids: [ID!]!) { replayDeadLetters(plugin: "ledger", ids: $ids) }`
		if got, want := p.must(replay, map[string]any{"ids": []string{ids["product/"+mended]}}), `{"replayDeadLetters":1}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		p.becomes(`query ($id: String) { ledgerEntries(filter: {product: {eq: $id}}, orderBy: [{sequence: ASC}]) { nodes { action } } }`, map[string]any{"id": mended}, `{"ledgerEntries":{"nodes":[{"action":"mended"},{"action":"updated"}]}}`)
		discard := `mutation ($ids: [ID!]!) { discardDeadLetters(plugin: "ledger", ids: $ids) }`
		if got, want := p.must(discard, map[string]any{"ids": []string{ids["product/"+spoiled], ids["product/"+mended]}}), `{"discardDeadLetters":1}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got, want := p.must(`{ deadLetters(plugin: "ledger") { id } plugins { events { waiting dead } } }`, nil), `{"deadLetters":[],"plugins":[{"events":{"waiting":0,"dead":0}}]}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		p.stop()
	})
}
