package graphql_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/graphql/transport"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
)

// slowStore lets nothing be found before whoever asks has gone, and then asks
// the real store.
type slowStore struct {
	record.Store
	began chan struct{}
	ended chan error
}

func (s slowStore) Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	s.began <- struct{}{}
	<-ctx.Done()
	found, err := s.Store.Find(context.WithoutCancel(ctx), e, q)
	if err != nil || len(found) == 0 {
		s.ended <- errors.Join(errors.New("there is nothing to find"), err)
		return found, err
	}
	_, err = s.Store.Find(ctx, e, q)
	s.ended <- err
	return found, nil // as if the client had gone a moment later
}

// A client that leaves in the midst of an answer ends the query that runs, and
// there is none after it.
func TestWhoLeavesEndsTheWorkInTheStoreToo(t *testing.T) {
	t.Parallel()
	stores := map[string]func(t *testing.T) (openStore, error){
		"sqlite": func(t *testing.T) (openStore, error) { return sqlite.Open(filepath.Join(t.TempDir(), "xrm.db")) },
		"memory": func(*testing.T) (openStore, error) { return sqlite.OpenMemory() },
		"mongo": func(t *testing.T) (openStore, error) {
			uri, _ := mongotest.Database(t)
			return mongo.New(mongo.Config{URI: uri})
		},
	}
	doors := map[string]func(t *testing.T, url, query string) (leave, quit func()){
		"HTTP": askByHTTP,
		"a closed WebSocket": func(t *testing.T, url, query string) (leave, quit func()) {
			socket := askBySocket(t, url, query)
			return func() { socket.CloseNow() }, func() {}
		},
		"a completed operation": func(t *testing.T, url, query string) (leave, quit func()) {
			socket := askBySocket(t, url, query)
			return func() { say(t, socket, `{"id":"1","type":"complete"}`) }, func() { socket.CloseNow() }
		},
	}
	for store, open := range stores {
		for door, ask := range doors {
			t.Run(store+", "+door, func(t *testing.T) {
				opened, err := open(t)
				if err != nil {
					t.Fatal(err)
				}
				leaves(t, opened, ask)
			})
		}
	}
}

func leaves(t *testing.T, opened openStore, ask func(t *testing.T, url, query string) (leave, quit func())) {
	s := newServerOn(t, opened, nil, nil)
	if answer := s.ask(`mutation { createCustomers(data: [{kind: person, displayName: "Ada"}]) { outcome } }`, "", ""); strings.Contains(answer, "errors") {
		t.Fatal(answer)
	}
	slow := slowStore{s.store.Store, make(chan struct{}, 10), make(chan error, 10)}
	s.store.Store = slow
	admin := core.Actor{ID: "admin-1", Roles: []string{core.AdminRole}}
	handler := &transport.Handler{
		Engine: func() *execution.Engine { return s.engine }, Queue: fairqueue.New(fairqueue.Limits{}, nil),
		Context: func(r *http.Request) (context.Context, error) { return graphql.WithActor(r.Context(), admin), nil },
	}
	handled := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(handled)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	leave, quit := ask(t, server.URL+"/graphql", `{ customers { nodes { orders { nodes { number } } } } }`)
	<-slow.began
	leave()
	if err := <-slow.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the store ends with %v, want %v", err, context.Canceled)
	}
	quit()
	<-handled
	if len(slow.began) > 0 {
		t.Error("the orders are looked for although the client has gone")
	}
}

func askByHTTP(t *testing.T, url, query string) (leave, quit func()) {
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"query":"`+query+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	go func() {
		if answer, err := http.DefaultClient.Do(r); err == nil {
			answer.Body.Close()
		}
	}()
	return leave, func() {}
}

func askBySocket(t *testing.T, url, query string) *websocket.Conn {
	socket, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.CloseNow() })
	say(t, socket, `{"type":"connection_init"}`)
	say(t, socket, `{"id":"1","type":"subscribe","payload":{"query":"`+query+`"}}`)
	return socket
}

func say(t *testing.T, socket *websocket.Conn, message string) {
	if err := socket.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
		t.Error(err)
	}
}
