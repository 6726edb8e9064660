package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestMetricsAreForMonitors(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	built(t, plugins, "ledger", "testdata/ledger")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("ledger")
	p.subscribed("ledger")
	p.product("P-1", "Dog food")
	p.becomes(`{ plugins { events { waiting } } ledgerEntries { totalCount } }`, nil, `{"plugins":[{"events":{"waiting":0}}],"ledgerEntries":{"totalCount":1}}`)
	for name, tt := range map[string]struct {
		key    string
		status int
		want   string
	}{
		"nobody":  {"", 401, "Send an API key with the role monitor: Authorization: Bearer KEY.\n"},
		"a thief": {"xrm_made_up", 401, "Send an API key with the role monitor: Authorization: Bearer KEY.\n"},
		"reader":  {p.key("reader"), 403, "Metrics are for keys with the role monitor.\n"},
	} {
		if status, text := p.scrape(tt.key); status != tt.status || text != tt.want {
			t.Errorf("%s: %d %s, want %d %s", name, status, text, tt.status, tt.want)
		}
	}
	text := p.metrics(p.key("monitor"))
	for _, line := range []string{
		`xrm_plugin_state{plugin="ledger",state="SERVING",version="1.0.0"} 1`,
		`xrm_plugin_restarts_total{plugin="ledger"} 0`,
		`xrm_plugin_events{plugin="ledger",state="waiting"} 0`,
		`xrm_plugin_events{plugin="ledger",state="dead"} 0`,
		`xrm_requests{kind="light",state="running"} 0`,
		`xrm_requests{kind="heavy",state="waiting"} 0`,
		`xrm_requests_refused_total{kind="heavy"} 0`,
		`xrm_plugin_call_seconds_count{call="events",code="OK",plugin="ledger"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("there is no line %s in\n%s", line, text)
		}
	}
	documented := read(t, "README.md")
	for _, metric := range regexp.MustCompile(`(?m)^# TYPE (xrm_\w+) `).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(documented, "| `"+metric[1]+"` |") {
			t.Errorf("README.md does not tell of %s", metric[1])
		}
	}
	p.stop()
}

func (p *process) metrics(key string) string {
	p.t.Helper()
	status, text := p.scrape(key)
	if status != http.StatusOK {
		p.t.Fatalf("/metrics answers %d %s", status, text)
	}
	return text
}

// scrape asks for the metrics with a key, or with none.
func (p *process) scrape(key string) (status int, text string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), "GET", p.url+"/metrics", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}
