package main

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/openxrm/xrm/sdk"
)

// playDawdler takes almost all the time that a rule has, whoever has given up
// meanwhile.
func playDawdler(p *sdk.Plugin) {
	p.BeforeSave = map[string]sdk.SaveFunc{"product": func(_ context.Context, _ sdk.Host, r *sdk.Record) error {
		if r.Text("name") == "Slow" {
			<-time.After(900 * time.Millisecond)
		}
		return nil
	}}
}

func TestAllRulesAboutOneSaveHaveTheirTimeTogether(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	for _, name := range []string{"dawdler-a", "dawdler-b"} {
		cast(t, plugins, name, "needs: {rules: [product], records: {product: {read: true}}}\ntimeouts: {save: 2s}")
	}
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("dawdler-a")
	p.pluginProcess("dawdler-b")
	p.product("P-1", "Quick")
	began := time.Now()
	got := refusal(p.ask(`mutation { createProduct(data: {sku: "P-2", name: "Slow"}) { product { id } } }`, nil, new(rawText)))
	const want = `^UNAVAILABLE The plugin dawdler-b did not answer within \d+ms. Try again in a few seconds.$|^UNAVAILABLE The plugins that have rules for a product took more than 1.5s together. Try again in a few seconds.$`
	if took := time.Since(began); !regexp.MustCompile(want).MatchString(got) || took > 2*time.Second {
		t.Errorf("after %s: %s, want %s", took, got, want)
	}
	p.stop()
}

// playCircle saves products in the rule for products.
func playCircle(p *sdk.Plugin) {
	save := func(ctx context.Context, host sdk.Host) error {
		_, err := host.Create(ctx, &sdk.Record{Entity: "product", Values: map[string]any{"sku": "again", "name": "Again"}})
		return err
	}
	p.BeforeSave = map[string]sdk.SaveFunc{"product": func(ctx context.Context, host sdk.Host, _ *sdk.Record) error { return save(ctx, host) }}
	p.Operations = []sdk.Operation{sdk.Mutation("circle", func(ctx context.Context, host sdk.Host, _ struct{}) (bool, error) { return true, save(ctx, host) })}
}

func TestARuleThatSavesWhatItIsARuleForIsStopped(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "circle", "needs: {rules: [product], records: {product: true}}")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("circle")
	const want = "FORBIDDEN The plugin circle wanted to save a product in the middle of a read or of another write. Queries, fields and rules have no effects."
	if got := refusal(p.ask(`mutation { circle }`, nil, new(rawText))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := p.must(`{ products { totalCount } }`, nil), `{"products":{"totalCount":0}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	p.stop()
}
