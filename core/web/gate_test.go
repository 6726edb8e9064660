package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/web"
)

func TestNobodyIsServedBeforeTheGateIsOpen(t *testing.T) {
	t.Parallel()
	const (
		starting = "The server is starting: it does not know yet which plugins are in force. Nothing was changed; try again in a second."
		down     = "The database cannot be reached."
	)
	gate := web.NewGate()
	ask := func(method, path string) (status int, body, retry string) {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(`{"query":"{ parties { totalCount } }"}`))
		r.Header.Set("X-Visitor", "ada")
		r.Header.Set("Upgrade", "websocket")
		w := httptest.NewRecorder()
		gate.ServeHTTP(w, r)
		return w.Code, strings.TrimSpace(w.Body.String()), w.Header().Get("Retry-After")
	}
	waits := func(reason string) {
		t.Helper()
		for _, request := range []string{"POST /graphql", "GET /graphql", "POST /plugins/fax/in", "GET /metrics", "GET /", "POST /healthz"} {
			method, path, _ := strings.Cut(request, " ")
			status, body, retry := ask(method, path)
			if want := `{"errors":[{"extensions":{"code":"UNAVAILABLE"},"message":"` + reason + `"}]}`; status != http.StatusServiceUnavailable || body != want || retry != "1" {
				t.Errorf("%s answers %d %s, Retry-After %q; want 503 %s, 1", request, status, body, retry, want)
			}
		}
		if status, body, _ := ask("GET", "/healthz"); status != http.StatusOK || body != `{"status":"alive"}` {
			t.Errorf("/healthz answers %d %s", status, body)
		}
		if status, body, _ := ask("GET", "/readyz"); status != http.StatusServiceUnavailable || body != `{"status":"not ready","reasons":["`+reason+`"]}` {
			t.Errorf("/readyz answers %d %s", status, body)
		}
	}
	waits(starting)
	gate.Await(errors.New("what only the log may say"))
	waits(starting)
	gate.Await(&core.Error{Code: core.Unavailable, Message: down, Cause: errors.New("what only the log may say")})
	waits(down)
	gate.Open(site(t, nil))
	if status, body, _ := ask("GET", "/plugins/fax/in"); status != http.StatusOK || body != "fax /in" {
		t.Errorf("an open gate answers %d %s", status, body)
	}
}
