package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/sdk"
)

// playDawdler takes almost all the time that a rule has.
func playDawdler(p *sdk.Plugin) {
	p.BeforeSave = map[string]sdk.SaveFunc{"product": func(ctx context.Context, _ sdk.Host, r *sdk.Record) error {
		if r.Text("name") != "Slow" {
			return nil
		}
		select {
		case <-time.After(900 * time.Millisecond):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}

func TestAllRulesAboutOneSaveHaveTheirTimeTogether(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	for _, name := range []string{"dawdler-a", "dawdler-b"} {
		cast(t, plugins, name, "needs: {rules: [product]}\ntimeouts: {save: 2s}")
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

func TestMetricsAreForMonitors(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "ledger", ledgerNeeds)
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("ledger")
	p.product("P-1", "Dog food")
	p.becomes(`{ plugins { events { waiting } } ledgerEntries { totalCount } }`, nil, `{"plugins":[{"events":{"waiting":0}}],"ledgerEntries":{"totalCount":1}}`)
	scrape := func(key string) (status int, text string) {
		request, err := http.NewRequestWithContext(t.Context(), "GET", p.url+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			request.Header.Set("Authorization", "Bearer "+key)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	for name, tt := range map[string]struct {
		key    string
		status int
		want   string
	}{
		"nobody":  {"", 401, "Send an API key with the role monitor: Authorization: Bearer KEY.\n"},
		"a thief": {"xrm_made_up", 401, "Send an API key with the role monitor: Authorization: Bearer KEY.\n"},
		"reader":  {p.key("reader"), 403, "Metrics are for keys with the role monitor.\n"},
	} {
		if status, text := scrape(tt.key); status != tt.status || text != tt.want {
			t.Errorf("%s: %d %s, want %d %s", name, status, text, tt.status, tt.want)
		}
	}
	status, text := scrape(p.key("monitor"))
	if status != http.StatusOK {
		t.Fatalf("a monitor: %d %s", status, text)
	}
	for _, line := range []string{
		`xrm_plugin_state{plugin="ledger",state="SERVING",version="1.0.0"} 1`,
		`xrm_plugin_restarts_total{plugin="ledger"} 0`,
		`xrm_plugin_events{plugin="ledger",state="waiting"} 0`,
		`xrm_plugin_events{plugin="ledger",state="dead"} 0`,
		`xrm_plugin_call_seconds_count{call="events",code="OK",plugin="ledger"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("there is no line %s in\n%s", line, text)
		}
	}
	p.stop()
}
