package web_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/core/web"
)

// visitors are known by a header of their own: authentication is a port.
type visitors map[string]core.Actor

func (v visitors) Identify(r *http.Request) (core.Actor, error) {
	name := r.Header.Get("X-Visitor")
	if name == "unlucky" {
		return core.Actor{}, errors.New("the database is down")
	}
	if actor, known := v[name]; known {
		return actor, nil
	}
	return core.Actor{}, &core.Error{Code: core.Unauthenticated, Message: "Say who you are."}
}

// mirror is a plugin host that answers with what it got, or refuses.
type mirror struct{ now *snapshot.Snapshot }

func (m mirror) ServeHTTP(s *snapshot.Snapshot, plugin string, w http.ResponseWriter, r *http.Request) error {
	if s != m.now {
		return errors.New("that is another snapshot")
	}
	if code, refused := strings.CutPrefix(r.URL.Path, "/refuse/"); refused {
		return &core.Error{Code: core.Code(code), Message: "No."}
	}
	_, err := w.Write([]byte(plugin + " " + r.URL.Path + " " + r.Header.Get("Authorization") + " " + r.Header.Get("Cookie")))
	return err
}

func (mirror) ServeFile(_ *snapshot.Snapshot, _ snapshot.Page, _ string, _ http.Header, _ http.ResponseWriter, _ *http.Request) error {
	return errors.New("nobody asks for files here")
}

func site(t *testing.T, ready error) *web.Site {
	t.Helper()
	now := &snapshot.Snapshot{}
	queue := fairqueue.New(fairqueue.Limits{}, nil)
	nothing := func(context.Context) ([]core.Backlog, error) { return nil, nil }
	return web.New(web.Config{
		Authenticator: visitors{"ada": {Roles: []string{core.AdminRole}}, "mia": {Roles: []string{"monitor"}}, "ray": {Roles: []string{"reader"}}},
		Sessions:      lounge{}, Plugins: mirror{now}, Current: func() *snapshot.Snapshot { return now }, Ready: func(context.Context) error { return ready },
		Lacking: func() []string { return nil },
		Metrics: web.NewMetrics(func() []core.Plugin { return []core.Plugin{{Name: "fax", Version: "1.0.0", State: "SERVING"}} }, nothing, queue.Counts),
		Queue:   queue,
		Log:     slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
}

func TestEveryAddressAnswers(t *testing.T) {
	t.Parallel()
	down := errors.New("the database is down")
	tests := map[string]struct {
		path, visitor, authorization, cookie string
		ready                                error
		status                               int
		want                                 string
	}{
		"alive, whatever is down":       {path: "/healthz", ready: down, status: 200, want: `{"status":"alive"}`},
		"ready":                         {path: "/readyz", status: 200, want: `{"status":"ready"}`},
		"not ready":                     {path: "/readyz", ready: down, status: 503, want: `{"status":"not ready"}`},
		"metrics for nobody":            {path: "/metrics", status: 401, want: "Send an API key with the role monitor: Authorization: Bearer KEY."},
		"metrics for a reader":          {path: "/metrics", visitor: "ray", status: 403, want: "Metrics are for keys with the role monitor."},
		"metrics while nobody can look": {path: "/metrics", visitor: "unlucky", status: 503, want: "The database cannot be reached."},
		"a plugin, without the session": {path: "/plugins/fax/in", cookie: "a=1; xrm-session=s1;b=2; __Host-xrm-session=s2", status: 200, want: "fax /in  a=1;b=2"},
		"the home page":                 {path: "/", status: 302, want: `<a href="/graphql">Found</a>.`},
		"a plugin":                      {path: "/plugins/fax/in", authorization: "Basic aGk=", status: 200, want: "fax /in Basic aGk="},
		"a plugin, without the key":     {path: "/plugins/fax/in", authorization: "Bearer xrm_00", status: 200, want: "fax /in"},
		"a plugin that is down":         {path: "/plugins/fax/refuse/UNAVAILABLE", status: 503, want: "No."},
		"a plugin that has too much":    {path: "/plugins/fax/refuse/RATE_LIMITED", status: 429, want: "No."},
		"nothing":                       {path: "/plugins/fax/refuse/NOT_FOUND", status: 404, want: "No."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil)
			request.Header.Set("X-Visitor", tt.visitor)
			if tt.authorization != "" {
				request.Header.Set("Authorization", tt.authorization)
			}
			if tt.cookie != "" {
				request.Header.Set("Cookie", tt.cookie)
			}
			answer := httptest.NewRecorder()
			site(t, tt.ready).ServeHTTP(answer, request)
			if got := strings.TrimSpace(answer.Body.String()); answer.Code != tt.status || got != tt.want {
				t.Errorf("%d %s, want %d %s", answer.Code, got, tt.status, tt.want)
			}
			if again := answer.Header().Get("Retry-After") != ""; again != (tt.want == "No." && tt.status != 404) {
				t.Errorf("told to try again: %v", again)
			}
			if answer.Header().Get("X-Request-Id") == "" {
				t.Error("the answer has no id")
			}
		})
	}
}

func TestMetricsAreForMonitorsAndAdministrators(t *testing.T) {
	t.Parallel()
	for _, visitor := range []string{"mia", "ada"} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		request.Header.Set("X-Visitor", visitor)
		answer := httptest.NewRecorder()
		site(t, nil).ServeHTTP(answer, request)
		if line := `xrm_plugin_state{plugin="fax",state="SERVING",version="1.0.0"} 1`; answer.Code != 200 || !strings.Contains(answer.Body.String(), line) {
			t.Errorf("%s gets %d %.200s, want a line %s", visitor, answer.Code, answer.Body, line)
		}
	}
}
