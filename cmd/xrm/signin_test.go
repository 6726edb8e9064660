package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/mongo/mongotest"
)

// browser keeps cookies, as browsers do, and follows no redirect.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// signIn enters a key on the page for it.
func (p *process) signIn(b *http.Client, key string) *http.Response {
	p.t.Helper()
	response, err := b.PostForm(p.url+"/signin", url.Values{"key": {key}, "next": {"/graphql"}})
	if err != nil {
		p.t.Fatal(err)
	}
	response.Body.Close()
	return response
}

// asks sends a query as a page does, with what else the browser says of it.
func (p *process) asks(b *http.Client, query string, header ...string) string {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/graphql", strings.NewReader(`{"query": "`+query+`"}`))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
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
	return strings.TrimSpace(string(text))
}

const signedOutAnswer = `"message":"You are signed out. Sign in again at /signin."`

func TestABrowserSignsInWithAKey(t *testing.T) {
	t.Parallel()
	uri, _ := mongotest.Database(t)
	for name, flags := range map[string][]string{"sqlite": nil, "mongodb": {"--store", uri}} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			p := spawn(t, data, nil, flags...).ready()
			var made struct {
				CreateAPIKey struct {
					APIKey struct{ ID string }
					Secret string
				}
			}
			if err := p.ask(`mutation { createApiKey(roles: ["reader"]) { apiKey { id } secret } }`, nil, &made); err != nil {
				t.Fatal(err)
			}
			reader, b := made.CreateAPIKey.Secret, browser(t)
			if got := p.signIn(b, reader[:20]); got.StatusCode != http.StatusUnauthorized || len(got.Cookies()) > 0 {
				t.Errorf("half a key: %d, %v", got.StatusCode, got.Cookies())
			}
			in := p.signIn(b, reader)
			if got := in.Header.Get("Set-Cookie"); in.StatusCode != http.StatusSeeOther || in.Header.Get("Location") != "/graphql" ||
				!strings.HasPrefix(got, "xrm-session=") || !strings.HasSuffix(got, "; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax") {
				t.Errorf("signed in: %d, cookie %q", in.StatusCode, got)
			}
			const query, mine, hers = `{ parties { totalCount } }`, `{"data":{"parties":{"totalCount":0}}`, `"code":"FORBIDDEN"`
			sees := func(b *http.Client, want string, header ...string) {
				t.Helper()
				if got := p.asks(b, query, header...); !strings.Contains(got, want) {
					t.Errorf("with %v: %s, want %s", header, got, want)
				}
			}
			sees(b, mine)
			sees(b, mine, "Sec-Fetch-Site", "same-origin")
			sees(b, hers, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
			sees(b, hers, "Sec-Fetch-Site", "same-site")
			sees(b, hers, "Origin", "null")
			if got := p.asks(b, `{ apiKeys { id } }`); !strings.Contains(got, `Cannot query field \"apiKeys\"`) {
				t.Errorf("a reader's session: %s", got)
			}

			stranger := browser(t) // whose cookie somebody else has set
			at, _ := url.Parse(p.url)
			stranger.Jar.SetCookies(at, in.Cookies())
			p.signIn(stranger, reader)
			if got := stranger.Jar.Cookies(at)[0].Value; got == in.Cookies()[0].Value {
				t.Error("a session from before the sign-in goes on")
			}
			sees(b, signedOutAnswer)

			p.signIn(b, reader)
			p.stop()
			p = spawn(t, data, nil, flags...).ready()
			moved, _ := url.Parse(p.url)
			b.Jar.SetCookies(moved, b.Jar.Cookies(at))
			sees(b, mine) // a session holds over a restart

			kept := b.Jar.Cookies(moved)
			out, err := b.PostForm(p.url+"/signout", nil)
			if err != nil {
				t.Fatal(err)
			}
			out.Body.Close()
			if got := out.Header.Get("Set-Cookie"); out.StatusCode != http.StatusSeeOther || !strings.HasPrefix(got, "xrm-session=; Path=/; Max-Age=0;") {
				t.Errorf("signed out: %d, cookie %q", out.StatusCode, got)
			}
			b.Jar.SetCookies(moved, kept)
			sees(b, signedOutAnswer)

			p.signIn(b, reader)
			p.must(`mutation { revokeApiKey(id: "`+made.CreateAPIKey.APIKey.ID+`") }`, nil)
			sees(b, `"message":"This API key is not known: it was mistyped, or it is revoked. Ask an administrator for a new one."`)
			for _, secret := range append(in.Cookies(), kept...) {
				if strings.Contains(p.log.String(), secret.Value) || strings.Contains(p.log.String(), reader) {
					t.Error("the log has a secret")
				}
			}
			p.stop()
		})
	}
}

func TestBehindTLSTheCookieIsForThisHostAlone(t *testing.T) {
	t.Parallel()
	p := spawn(t, t.TempDir(), nil).ready()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/signin", strings.NewReader(url.Values{"key": {p.key("reader")}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Forwarded-Proto", "https")
	response, err := browser(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	got := response.Header.Get("Set-Cookie")
	if !strings.HasPrefix(got, "__Host-xrm-session=") || !strings.HasSuffix(got, "; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax") {
		t.Errorf("the cookie is %q", got)
	}
	value, _, _ := strings.Cut(strings.TrimPrefix(got, "__Host-xrm-session="), ";")
	const query = `{ parties { totalCount } }`
	if got := p.asks(http.DefaultClient, query, "X-Forwarded-Proto", "https", "Cookie", "__Host-xrm-session="+value); !strings.HasPrefix(got, `{"data":{"parties":{"totalCount":0}}`) {
		t.Errorf("with the cookie: %s", got)
	}
	if got := p.asks(http.DefaultClient, query, "X-Forwarded-Proto", "https", "Cookie", "xrm-session="+value); !strings.Contains(got, "UNAUTHENTICATED") {
		t.Errorf("with one that a neighbor can set: %s", got)
	}
	p.stop()
}
