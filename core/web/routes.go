package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/file"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/graphql/transport"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/core/texts"
)

// Authenticator says who has sent a request. An Unauthenticated error says what
// to send; any other one that it cannot be known now.
type Authenticator interface {
	Identify(r *http.Request) (core.Actor, error)
}

// Plugins answers requests for plugins. Its error is for whoever has sent the
// request, and only returned before anything was written.
type Plugins interface {
	ServeHTTP(s *snapshot.Snapshot, plugin string, w http.ResponseWriter, r *http.Request) error
	ServeFile(s *snapshot.Snapshot, p snapshot.Page, file string, header http.Header, w http.ResponseWriter, r *http.Request) error
}

// Config is what a Site needs; all of it.
type Config struct {
	Authenticator Authenticator
	Sessions      Sessions
	Plugins       Plugins
	Files         *file.Service
	Current       func() *snapshot.Snapshot   // asked once for each request
	Ready         func(context.Context) error // why the server cannot answer now; nil when it can
	Lacking       func() []string             // what of its work a server that is ready cannot do, for people
	Metrics       *Metrics
	Queue         *fairqueue.Queue // of the requests to the API
	Log           *slog.Logger

	PagesHost string // the host name of the server, below which each plugin has one for its pages; "" keeps them in a sandbox

	Budget        *budget.Server // what requests to the API hold; nil bounds nothing
	BodyBytes     int            // of a request to the API
	BodyTimeout   time.Duration  // until the body of one must have come
	Subscriptions int            // that run at the same time
	Timeout       time.Duration  // for a request to the API, or an event of a subscription
}

// Site is every address that the server answers at. Make one with New.
type Site struct {
	Config
	graphql *transport.Handler
	handler http.Handler
	uploads arrivals
}

var _ http.Handler = (*Site)(nil)

// New makes the routes.
func New(c Config) *Site {
	s := &Site{Config: c}
	s.graphql = &transport.Handler{
		Engine:           func() *execution.Engine { return s.Current().API },
		Context:          s.authenticate,
		Queue:            c.Queue,
		Say:              s.say,
		Key:              func(ctx context.Context) string { return graphql.ActorFrom(ctx).ID },
		MaxBodyBytes:     int64(c.BodyBytes),
		BodyTimeout:      c.BodyTimeout,
		MaxSubscriptions: c.Subscriptions,
		Timeout:          c.Timeout,
		Log:              c.Log,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/graphql", s.serveAPI)
	mux.HandleFunc("POST /files", s.serveUpload)
	mux.HandleFunc("GET /files/{entity}/{record}/{file}", s.serveFile)
	mux.HandleFunc("/plugins/{name}/", s.servePlugin)
	mux.HandleFunc("GET /pages/{plugin}/{page}", s.showPage)
	mux.HandleFunc("POST /pages/{plugin}/{page}/token", s.servePageToken)
	mux.HandleFunc("GET /pages/{plugin}/{page}/{digest}/{file...}", s.servePageFile)
	mux.HandleFunc("GET /pages/frame.js", script(frameScript))
	mux.HandleFunc("GET /pages/xrm.js", script(pageScript))
	mux.HandleFunc("GET /signin", s.showSignin)
	mux.HandleFunc("POST /signin", s.takeSignin)
	mux.HandleFunc("POST /signout", s.takeSignout)
	mux.HandleFunc("GET /metrics", s.serveMetrics)
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.HandleFunc("GET /readyz", s.serveReadiness)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/graphql", http.StatusFound) })
	s.handler = withRequestID(recovered(c.Log, texts.Wanting(s.apart(mux))))
	return s
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Shutdown ends the subscriptions, each with a word to its client, until ctx is
// done. http.Server.Shutdown knows nothing of them.
func (s *Site) Shutdown(ctx context.Context) error { return s.graphql.Shutdown(ctx) }

// say says an error in the language of a request.
func (s *Site) say(ctx context.Context, message string, extensions map[string]any) (string, map[string]any) {
	return s.Current().Texts.Error(ctx, message, extensions)
}

func (s *Site) authenticate(r *http.Request) (context.Context, error) {
	identify := s.Authenticator.Identify
	header := r.Header.Get("Authorization")
	if identity.CarriesPageToken(header) {
		identify = func(r *http.Request) (core.Actor, error) { return s.Sessions.Page(r.Context(), header) }
	}
	actor, err := identify(r)
	if err != nil {
		return nil, err
	}
	return s.Budget.Of(graphql.WithActor(r.Context(), actor), actor.ID), nil
}
