package main

import (
	"context"
	"embed"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
)

//go:embed testdata/board
var testdata embed.FS

// playFair has a page and an operation, as the till beside it has.
func playFair(p *sdk.Plugin) {
	name := map[string]string{"fair": "whoAsks", "till": "tillTotal"}[p.Name]
	p.Operations = []sdk.Operation{sdk.Query(name, func(_ context.Context, host sdk.Host, _ struct{}) (string, error) {
		return host.User().Name, nil
	}).ForEverybody()}
	board, err := fs.Sub(testdata, "testdata")
	if err != nil {
		panic(err)
	}
	page := sdk.NewWebPage("board", "Board", board)
	if p.Name == "fair" {
		page = page.ForEverybody()
		p.Entities = fstest.MapFS{"stall.yaml": {Data: []byte("entity: stall\nfields:\n  name: {type: text}\n")}}
		p.Operations = append(p.Operations, sdk.Query("bestCustomer", bestCustomer).Returns("customer").ForEverybody())
	}
	p.Pages = []sdk.WebPage{page}
	p.Endpoints = []sdk.Endpoint{sdk.HTTP("/", func(_ sdk.Host, w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	})}
}

// bestCustomer is any customer.
func bestCustomer(ctx context.Context, host sdk.Host, _ struct{}) (*sdk.Record, error) {
	found, err := host.Find(ctx, sdk.Criteria{Entity: "customer", Limit: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// fair is a server with both plugins, which serve.
func fair(t *testing.T, environ ...string) *process {
	t.Helper()
	plugins := t.TempDir()
	for _, name := range []string{"fair", "till"} {
		cast(t, plugins, name, "needs: {pages: [board], http: [/], records: {customer: {read: true, fields: {displayName: read}}}}")
	}
	p := spawn(t, t.TempDir(), environ, "--plugins", plugins).ready()
	p.pluginProcess("fair")
	p.pluginProcess("till")
	return p
}

// page sends a request of a browser.
func (p *process) page(b *http.Client, method, path string, header ...string) (*http.Response, string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := b.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response, string(text)
}

// pageToken is one for a page that the browser frames.
func (p *process) pageToken(b *http.Client, plugin string) string {
	p.t.Helper()
	response, text := p.page(b, "POST", "/pages/"+plugin+"/board/token")
	var given struct{ Token string }
	if err := json.Unmarshal([]byte(text), &given); err != nil || response.StatusCode != http.StatusOK {
		p.t.Fatalf("a token for %s: %s %s", plugin, response.Status, text)
	}
	return given.Token
}

func TestATokenOfAPageIsForItsPluginAlone(t *testing.T) {
	t.Parallel()
	p := fair(t)
	admin, err := os.ReadFile(filepath.Join(p.data, "admin.key"))
	if err != nil {
		t.Fatal(err)
	}
	b := browser(t)
	p.signIn(b, strings.TrimSpace(string(admin)))
	token := p.pageToken(b, "fair")
	asks := func(query string) string {
		t.Helper()
		return p.asks(http.DefaultClient, query, "Authorization", "Bearer "+token, "Origin", "null")
	}
	const hidden = ` If it exists, your roles do not allow it; ask an administrator.`
	p.customer("Kiosk")
	const unseen = `Cannot query field \"city\" on type \"Customer\".` + hidden
	if got := p.must(`{ stalls { totalCount } bestCustomer { displayName city } }`, nil); !strings.Contains(got, `"stalls":{"totalCount":0}`) || !strings.Contains(got, `"city":`) {
		t.Errorf("with the key: %s", got)
	}
	for query, want := range map[string]string{
		`{ bestCustomer { displayName } }`:                    `{"data":{"bestCustomer":{"displayName":"Kiosk"}}`,
		`{ bestCustomer { city } }`:                           unseen,
		`{ bestCustomer { orders { totalCount } } }`:          `Cannot query field \"orders\" on type \"Customer\".` + hidden,
		`{ stalls { totalCount } }`:                           `Cannot query field \"stalls\" on type \"Query\".` + hidden,
		`mutation { createStall(data: {}) { stall { id } } }`: `Your roles allow no mutation; ask an administrator.`,
		`{ whoAsks }`:                          `{"data":{"whoAsks":"administrator"}`,
		`{ tillTotal }`:                        `Cannot query field \"tillTotal\" on type \"Query\".` + hidden,
		`{ customers { totalCount } }`:         `Cannot query field \"customers\" on type \"Query\".` + hidden,
		`{ apiKeys { id } }`:                   `Cannot query field \"apiKeys\" on type \"Query\".` + hidden,
		`{ plugins { name } }`:                 `Cannot query field \"plugins\" on type \"Query\".` + hidden,
		`mutation { revokeApiKey(id: \"x\") }`: `Your roles allow no mutation; ask an administrator.`,
	} {
		if got := asks(query); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for _, path := range []string{"/metrics", "/files/party/1/1"} {
		if got, text := p.page(http.DefaultClient, "GET", path, "Authorization", "Bearer "+token); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s with the token: %s %s", path, got.Status, text)
		}
	}
	if got, _ := p.page(b, "POST", "/signout"); got.StatusCode != http.StatusSeeOther {
		t.Errorf("sign out: %s", got.Status)
	}
	if got := asks(`{ whoAsks }`); !strings.Contains(got, signedOutAnswer) {
		t.Errorf("after the sign-out: %s", got)
	}
	p.stop()
}

func TestAPageIsForThoseWhoMaySeeIt(t *testing.T) {
	t.Parallel()
	p := fair(t)
	b := browser(t)
	if got, _ := p.page(b, "GET", "/pages/fair/board"); got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/signin?next=%2Fpages%2Ffair%2Fboard" {
		t.Errorf("who is not signed in: %s %v", got.Status, got.Header)
	}
	p.signIn(b, p.key("reader"))
	got, text := p.page(b, "GET", "/pages/fair/board")
	_, after, _ := strings.Cut(text, ` src="/pages/fair/board/`)
	digest, _, _ := strings.Cut(after, "/")
	if got.StatusCode != http.StatusOK || len(digest) != 32 || got.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the page: %s %s", got.Status, text)
	}
	host := strings.TrimPrefix(p.url, "http://")
	if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src "+host+"/pages/fair/board/"+digest+"/; ") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the policy of the frame: %s", policy)
	}
	for _, path := range []string{"/pages/till/board", "/pages/fair/none", "/pages/none/board"} {
		const none = "There is no such page, or your roles do not allow it; ask an administrator.\n"
		if got, text := p.page(b, "GET", path); got.StatusCode != http.StatusNotFound || text != none {
			t.Errorf("%s: %s %s", path, got.Status, text)
		}
		if got, text := p.page(b, "POST", path+"/token"); got.StatusCode != http.StatusNotFound || text != none {
			t.Errorf("a token for %s: %s %s", path, got.Status, text)
		}
	}
	for _, header := range [][]string{{"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		if got, text := p.page(b, "POST", "/pages/fair/board/token", header...); got.StatusCode != http.StatusForbidden || strings.Contains(text, "xrm_page_") {
			t.Errorf("a token with %v: %s %s", header, got.Status, text)
		}
	}
	p.hasFiles(host, "/pages/fair/board/"+digest+"/")
	for _, path := range []string{"/pages/fair/board/" + strings.Repeat("0", 32) + "/", "/plugins/fair/.pages/board/index.html"} {
		if got, text := p.page(http.DefaultClient, "GET", path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s %s", path, got.Status, text)
		}
	}
	p.stop()
}

// hasFiles wants the files of the page to be handed out, and no others.
func (p *process) hasFiles(host, files string) {
	t := p.t
	t.Helper()
	got, text := p.page(http.DefaultClient, "GET", files)
	if got.StatusCode != http.StatusOK || !strings.Contains(text, "<title>Board</title>") || got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("its index: %s %v %s", got.Status, got.Header, text)
	}
	own := host + files
	want := "default-src 'none'; script-src " + own + " " + host + "/pages/xrm.js; style-src " + own + "; img-src " + own + " data:; font-src " + own + "; media-src " + own +
		"; connect-src " + host + "/graphql " + own + "; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"
	if policy := got.Header.Values("Content-Security-Policy"); len(policy) != 1 || policy[0] != want || got.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the policy of a file: %q\nwant %q", policy, want)
	}
	if again, text := p.page(http.DefaultClient, "GET", files+"board.js", "If-None-Match", got.Header.Get("ETag")); again.StatusCode != http.StatusNotModified || text != "" {
		t.Errorf("a file that is known: %s %s", again.Status, text)
	}
	if css, text := p.page(http.DefaultClient, "GET", files+"look/style.css"); css.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(text, "#seen") {
		t.Errorf("a file below: %s %v %s", css.Status, css.Header, text)
	}
	for _, file := range []string{"none.js", "../index.html", "%2e%2e/%2e%2e/page_test.go", "look/..%2f..%2f..%2fpage_test.go", "..%5cpage_test.go", "%2fetc%2fpasswd", "look"} {
		if got, text := p.page(http.DefaultClient, "GET", files+file); got.StatusCode == http.StatusOK {
			t.Errorf("%s: %s %s", file, got.Status, text)
		}
	}
}

func TestOtherOriginsReadNothingOfTheAPI(t *testing.T) {
	t.Parallel()
	p := fair(t)
	key := p.key("reader")
	b := browser(t)
	p.signIn(b, key)
	token := p.pageToken(b, "fair")
	tests := map[string]struct {
		origin, authorization string
		allowed               string
	}{
		"a page with its token":        {"null", "Bearer " + token, "null"},
		"a page with a key":            {"null", "Bearer " + key, ""},
		"a page without":               {"null", "", ""},
		"another origin, with a token": {"https://evil.example", "Bearer " + token, ""},
	}
	for name, tt := range tests {
		header := []string{"Origin", tt.origin, "Content-Type", "application/json"}
		if tt.authorization != "" {
			header = append(header, "Authorization", tt.authorization)
		}
		got, _ := p.page(http.DefaultClient, "POST", "/graphql", header...)
		if allowed := got.Header.Get("Access-Control-Allow-Origin"); allowed != tt.allowed || got.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: may be read by %q, want %q", name, allowed, tt.allowed)
		}
	}
	before, _ := p.page(http.DefaultClient, "OPTIONS", "/graphql", "Origin", "null", "Access-Control-Request-Method", "POST")
	if before.StatusCode != http.StatusNoContent || before.Header.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type" || before.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("the question before: %s %v", before.Status, before.Header)
	}
	p.stop()
}

func TestAHostOfAPluginHasItsFilesAndNothingElse(t *testing.T) {
	t.Parallel()
	p := fair(t, "XRM_PAGES_HOST=crm.example")
	session := p.signIn(browser(t), p.key("reader")).Cookies()[0]
	at := func(host, method, path string, header ...string) (*http.Response, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		request.AddCookie(session)
		for i := 0; i < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(text)
	}
	const fairHost = "fair.crm.example:8080"
	got, text := at("crm.example:8080", "GET", "/pages/fair/board")
	_, after, found := strings.Cut(text, ` src="//`+fairHost)
	files, _, _ := strings.Cut(after, `"`)
	if policy := got.Header.Get("Content-Security-Policy"); !found || !strings.Contains(policy, "frame-src "+fairHost+files+"; ") {
		t.Fatalf("the frame: %s %s\n%s", got.Status, policy, text)
	}
	got, text = at(fairHost, "GET", files)
	own := fairHost + files
	want := "default-src 'none'; script-src " + own + " " + fairHost + "/pages/xrm.js; style-src " + own + "; img-src " + own + " data:; font-src " + own + "; media-src " + own +
		"; connect-src crm.example:8080/graphql " + own + "; form-action 'none'; base-uri 'none'; frame-ancestors crm.example:8080"
	if policy := got.Header.Get("Content-Security-Policy"); got.StatusCode != http.StatusOK || policy != want {
		t.Errorf("a file: %s %s\nwant %s\n%s", got.Status, policy, want, text)
	}
	for _, elsewhere := range []string{"crm.example:8080", "till.crm.example:8080", "evil.example", "a.fair.crm.example:8080"} {
		if got, text := at(elsewhere, "GET", files); got.StatusCode != http.StatusNotFound {
			t.Errorf("the file at %s: %s %s", elsewhere, got.Status, text)
		}
	}
	for _, path := range []string{"/", "/graphql", "/signin", "/pages/fair/board", "/plugins/fair/x", "/metrics", "/healthz"} {
		if got, text := at("FAIR.crm.example:8080", "GET", path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s at the host of the plugin: %s %s", path, got.Status, text)
		}
	}
	if got, text := at("crm.example:8080", "POST", "/pages/fair/board/token", "Origin", "http://"+fairHost, "Sec-Fetch-Site", "same-site"); got.StatusCode != http.StatusForbidden {
		t.Errorf("the page gets a token by the session: %s %s", got.Status, text)
	}
	for origin, allowed := range map[string]string{"https://" + fairHost: "https://" + fairHost, "null": "", "https://crm.example.evil.example": "", "https://crm.example": ""} {
		got, _ := at("crm.example:8080", "OPTIONS", "/graphql", "Origin", origin, "Access-Control-Request-Method", "POST")
		if readable := got.Header.Get("Access-Control-Allow-Origin"); readable != allowed {
			t.Errorf("a page of %s may ask: %q, want %q", origin, readable, allowed)
		}
	}
	p.stop()
}
