package transport

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGraphiQLInABrowser drives a real browser. XRM_SCREENSHOT names a file
// that shows what it saw.
func TestGraphiQLInABrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		missing(t, "chromium is not installed")
	}
	h := newHandler(t)
	h.Context = func(r *http.Request) (context.Context, error) {
		if r.Header.Get("Authorization") != "Bearer the-key" {
			return nil, denied{"UNAUTHENTICATED"}
		}
		return r.Context(), nil
	}
	server := httptest.NewServer(h)
	defer server.Close()

	var seen struct {
		Title, Welcome, WithoutKey, WithKey, Followed, Stop, Documentation, KeyAfterReload string
		KeptForLater                                                                       bool
		Bar, Hosts, Complaints                                                             []string
		Unasked                                                                            struct {
			Questions int
			Answer    string
		}
	}
	out := node(t, "browser.mjs", server.URL+"/graphql", chromium, "the-key", os.Getenv("XRM_SCREENSHOT"))
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatalf("the browser script printed %q: %v", out, err)
	}
	if seen.Title != "xrm: GraphiQL" {
		t.Errorf("title = %q", seen.Title)
	}
	// An empty editor has a space without width in it.
	if seen.Unasked.Questions > 0 || strings.Trim(seen.Unasked.Answer, "\n\u200b") != "" {
		t.Errorf("before anything was asked there were %d questions, and the answer %q", seen.Unasked.Questions, seen.Unasked.Answer)
	}
	if !strings.Contains(seen.Welcome, "customers(\n    filter: ") {
		t.Errorf("the first query = %q", seen.Welcome)
	}
	if diff := cmp.Diff([]string{"no answer without a key", "You may not.", "in use until this tab is closed"}, seen.Bar); diff != "" {
		t.Errorf("the bar without a key, with a wrong one and with the right one (-want +got):\n%s", diff)
	}
	if !strings.Contains(seen.WithoutKey, "You may not.") {
		t.Errorf("the answer without a key = %q", seen.WithoutKey)
	}
	if !strings.Contains(seen.WithKey, `"name": "Blauer See"`) {
		t.Errorf("the answer with the key = %q", seen.WithKey)
	}
	if !strings.Contains(seen.Followed, `"watch": "begun"`) || seen.Stop != "net::ERR_ABORTED" {
		t.Errorf("a subscription = %q, and stopped it ends with %q", seen.Followed, seen.Stop)
	}
	if !strings.Contains(seen.Documentation, "customers") {
		t.Errorf("the documentation = %q", seen.Documentation)
	}
	if seen.KeyAfterReload != "the-key" || seen.KeptForLater {
		t.Errorf("the key after a reload = %q, and in the storage that outlives the tab: %v", seen.KeyAfterReload, seen.KeptForLater)
	}
	if diff := cmp.Diff([]string{strings.TrimPrefix(server.URL, "http://")}, seen.Hosts); diff != "" {
		t.Errorf("hosts that the page asked (-want +got):\n%s", diff)
	}
	if len(seen.Complaints) > 0 {
		t.Errorf("the browser complained: %q", seen.Complaints)
	}
}

func TestOnlyABrowserGetsGraphiQL(t *testing.T) {
	t.Parallel()
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	tests := map[string]struct {
		method, accept, query string
		want                  string // content type
		status                int
	}{
		"browser":              {method: "GET", accept: browser, want: "text/html; charset=utf-8", status: 200},
		"browser with a query": {method: "GET", accept: browser, query: "?query={echo}", want: "text/html; charset=utf-8", status: 200},
		"script":               {method: "GET", accept: "*/*", query: "?graphiql=script.js", want: "text/javascript; charset=utf-8", status: 200},
		"style":                {method: "GET", accept: "text/css,*/*;q=0.1", query: "?graphiql=style.css", want: "text/css; charset=utf-8", status: 200},
		"something else":       {method: "GET", accept: "*/*", query: "?graphiql=../handler.go", want: "text/plain; charset=utf-8", status: 404},
		"program":              {method: "GET", accept: "application/json", query: "?query={echo}", want: "application/json; charset=utf-8", status: 401},
		"program without preference": {
			method: "GET", accept: "*/*", query: "?query={echo}", want: "application/json; charset=utf-8", status: 401,
		},
		"form": {method: "POST", accept: browser, want: "application/json; charset=utf-8", status: 401},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHandler(t)
			h.Context = func(*http.Request) (context.Context, error) { return nil, denied{"UNAUTHENTICATED"} }
			r := httptest.NewRequestWithContext(t.Context(), tt.method, "/graphql"+tt.query, nil)
			r.Header.Set("Accept", tt.accept)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := w.Header().Get("Content-Type"); got != tt.want || w.Code != tt.status {
				t.Errorf("answer = %d %s, want %d %s", w.Code, got, tt.status, tt.want)
			}
		})
	}
}

func TestGraphiQLIsServedPackedAndOnce(t *testing.T) {
	t.Parallel()
	get := func(header ...string) *http.Response {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/graphql?graphiql=style.css", nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		newHandler(t).ServeHTTP(w, r)
		return w.Result()
	}
	packed := get("Accept-Encoding", "gzip, br")
	zip, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	if plain := body(t, get()); plain != string(unpacked) || len(plain) == 0 {
		t.Errorf("packed it is %d bytes, plain %d", len(unpacked), len(plain))
	}
	if again := get("If-None-Match", packed.Header.Get("ETag"), "Accept-Encoding", "gzip"); again.StatusCode != http.StatusNotModified {
		t.Errorf("what the browser has already is sent again: %d", again.StatusCode)
	}
}

func TestThePageAllowsOnlyItself(t *testing.T) {
	t.Parallel()
	open := func() (policy, page string) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/graphql", nil)
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		newHandler(t).ServeHTTP(w, r)
		return w.Header().Get("Content-Security-Policy"), w.Body.String()
	}
	policy, page := open()
	if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-") || strings.Contains(policy, "unsafe") {
		t.Errorf("Content-Security-Policy = %q", policy)
	}
	_, nonce, _ := strings.Cut(policy, "'nonce-")
	nonce, _, _ = strings.Cut(nonce, "'")
	if !strings.Contains(page, `data-nonce="`+nonce+`"`) {
		t.Errorf("the page does not know the nonce %q of its policy", nonce)
	}
	if again, _ := open(); again == policy {
		t.Error("two pages have the same nonce")
	}
}
