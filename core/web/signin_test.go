package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
)

// lounge lets in who has the one key, and knows the one who is in.
type lounge struct{}

func (lounge) Visitor(r *http.Request) (core.Actor, error) {
	if cookie, err := r.Cookie("in"); err == nil {
		return core.Actor{ID: "k1", Name: `Ada <b>`, Roles: []string{cookie.Value}}, nil
	}
	return core.Actor{}, &core.Error{Code: core.Unauthenticated, Message: "You are not signed in."}
}

func (l lounge) Identify(r *http.Request) (core.Actor, error) { return l.Visitor(r) }

func (lounge) PageToken(*http.Request, string) (string, error) {
	return "", errors.New("there are no pages here")
}

func (lounge) Page(context.Context, string) (core.Actor, error) {
	return core.Actor{}, errors.New("there are no pages here")
}

func (lounge) SignIn(w http.ResponseWriter, _ *http.Request, key string) error {
	if key != "xrm_1" {
		return &core.Error{Code: core.Unauthenticated, Message: "This is no key."}
	}
	http.SetCookie(w, &http.Cookie{Name: "in", Value: "reader"})
	return nil
}

func (lounge) SignOut(w http.ResponseWriter, _ *http.Request) error {
	http.SetCookie(w, &http.Cookie{Name: "in", MaxAge: -1})
	return nil
}

// form sends one as a page does, which says where it comes from.
func form(t *testing.T, path string, values url.Values, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	site(t, nil).ServeHTTP(w, r)
	return w
}

func TestASignInLeadsOnWithinTheServerAlone(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/graphql":                "/graphql",
		"/pages/fax/?a=1#b":       "/pages/fax/?a=1#b",
		"":                        "/signin",
		"https://evil.example/":   "/signin",
		"//evil.example/":         "/signin",
		`/\evil.example/`:         "/signin",
		"/\t/evil.example/":       "/signin",
		"javascript:alert(1)":     "/signin",
		"evil.example":            "/signin",
		"/%5cevil.example":        "/%5cevil.example",
		"/\r\nX-Header: injected": "/signin",
	} {
		w := form(t, "/signin", url.Values{"key": {"xrm_1"}, "next": {next}})
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want || w.Header().Get("X-Header") != "" {
			t.Errorf("next=%q leads to %d %q, want %q", next, w.Code, got, want)
		}
	}
}

func TestAFormOfAnotherOriginSignsNobodyInOrOut(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/signin", "/signout"} {
		for _, header := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
			{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "http://example.com:81"},
		} {
			w := form(t, path, url.Values{"key": {"xrm_1"}}, header...)
			if w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s with %v: %d %v, want 403 and no cookie", path, header, w.Code, w.Header())
			}
		}
		for _, header := range [][]string{{}, {"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://example.com"}} {
			w := form(t, path, url.Values{"key": {"xrm_1"}}, header...)
			if w.Code != http.StatusSeeOther || w.Header().Get("Set-Cookie") == "" {
				t.Errorf("%s with %v: %d %v, want 303 and a cookie", path, header, w.Code, w.Header())
			}
		}
	}
}

func TestThePageToSignInSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := form(t, "/signin", url.Values{"key": {"xrm_2"}, "next": {`/"><script>`}})
	body := w.Body.String()
	if w.Code != http.StatusUnauthorized || !strings.Contains(body, `<p role="alert">This is no key.</p>`) || strings.Contains(body, "<script>") || strings.Contains(body, "xrm_2") {
		t.Errorf("a wrong key: %d %s", w.Code, body)
	}
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'; style-src 'nonce-") || !strings.Contains(policy, "frame-ancestors 'none'") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the headers are %v", w.Header())
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/signin", nil)
	r.AddCookie(&http.Cookie{Name: "in", Value: "reader"})
	in := httptest.NewRecorder()
	site(t, nil).ServeHTTP(in, r)
	if body := in.Body.String(); !strings.Contains(body, "You are signed in as Ada &lt;b&gt;.") || strings.Contains(body, `name="key"`) {
		t.Errorf("who is in sees %s", body)
	}
	if w := form(t, "/signin", url.Values{"key": {strings.Repeat("x", 10<<10)}}); w.Code != http.StatusUnauthorized {
		t.Errorf("a form that is too long: %d", w.Code)
	}
}
