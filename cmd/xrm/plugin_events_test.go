package main

import (
	"fmt"
	"testing"
)

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

const entriesOf = `query ($id: String) { ledgerEntries(filter: {product: {eq: $id}}, orderBy: [{sequence: ASC}]) { nodes { sequence action } } }`

func TestAPluginIsToldOfWhatHappensToProducts(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	built(t, plugins, "ledger", "testdata/ledger")
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("ledger")
		p.subscribed("ledger")
		id := map[string]any{"id": p.product("P-1", "Dog food")}
		p.must(`mutation ($id: ID!) { updateProduct(id: $id, data: {unitsInStock: 7}) { product { id } } }`, id)
		p.must(`mutation ($id: ID!) { deleteProduct(id: $id) { product { id } } }`, id)
		p.must(`mutation ($id: ID!) { restoreProduct(id: $id) { product { id } } }`, id)
		p.becomes(entriesOf, id, `{"ledgerEntries":{"nodes":[{"sequence":"1","action":"created"},{"sequence":"2","action":"updated"},{"sequence":"3","action":"deleted"},{"sequence":"4","action":"restored"}]}}`)
		p.stop()
	})
}

func TestADeadLetterIsListedAndReplayedAndDiscarded(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	built(t, plugins, "ledger", "testdata/ledger")
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("ledger")
		p.subscribed("ledger")
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
		// The effect of an event is there before the event is known to have had it.
		p.becomes(`{ deadLetters(plugin: "ledger") { id } plugins { events { waiting dead } } }`, nil, `{"deadLetters":[],"plugins":[{"events":{"waiting":0,"dead":0}}]}`)
		p.stop()
	})
}
