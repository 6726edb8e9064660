package transport

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// client is one end of a WebSocket.
type client struct {
	*testing.T
	socket *websocket.Conn
}

func dial(t *testing.T, server *httptest.Server, header http.Header, subprotocols ...string) *client {
	t.Helper()
	socket, answer, err := websocket.Dial(t.Context(), server.URL+"/graphql", &websocket.DialOptions{Subprotocols: subprotocols, HTTPHeader: header})
	if err != nil {
		t.Fatalf("%v: %v", answer, err)
	}
	socket.SetReadLimit(-1)
	t.Cleanup(func() { socket.CloseNow() })
	return &client{t, socket}
}

// connect also says who asks.
func connect(t *testing.T, server *httptest.Server) *client {
	t.Helper()
	c := dial(t, server, nil, subprotocol)
	c.plays("> "+`{"type":"connection_init"}`, "< "+`{"type":"connection_ack"}`)
	return c
}

// plays sends the lines that begin with >, expects those that begin with <, and
// that the connection is closed as one says that begins with x.
func (c *client) plays(lines ...string) {
	c.Helper()
	for _, line := range lines {
		kind, text := line[:1], line[2:]
		if kind == ">" {
			if err := c.socket.Write(c.Context(), websocket.MessageText, []byte(text)); err != nil {
				c.Fatalf("%s: %v", line, err)
			}
			continue
		}
		if got := c.hears(); got != line {
			c.Fatalf(" got %s\nwant %s", got, line)
		}
	}
}

func (c *client) hears() string {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), 20*time.Second)
	defer cancel()
	_, text, err := c.socket.Read(ctx)
	var closed websocket.CloseError
	switch {
	case errors.As(err, &closed):
		return "x " + strings.TrimPrefix(closed.Code.String(), "StatusCode") + " " + closed.Reason
	case err != nil:
		c.Fatal(err)
	}
	return "< " + string(text)
}

func nextMessage(id, data string) string {
	return `< {"id":"` + id + `","type":"next","payload":{"data":` + data + noCost + `}`
}

func errorMessage(id, errs string) string {
	return `< {"id":"` + id + `","type":"error","payload":[` + errs + `]}`
}

func TestConversationsOverAWebSocket(t *testing.T) {
	t.Parallel()
	const initialized, acknowledged = `> {"type":"connection_init"}`, `< {"type":"connection_ack"}`
	subscribe := func(id, query string) string {
		return `> {"id":"` + id + `","type":"subscribe","payload":{"query":"` + query + `"}}`
	}
	tests := map[string][]string{
		"a subscription": {
			initialized, acknowledged, subscribe("a", "subscription { count(to: 2) }"),
			nextMessage("a", `{"count":1}`), nextMessage("a", `{"count":2}`), `< {"id":"a","type":"complete"}`,
		},
		"a query and a mutation": {
			initialized, acknowledged,
			`> {"id":"q","type":"subscribe","payload":{"query":"query($t: String) { echo(text: $t) }","variables":{"t":"x"}}}`,
			nextMessage("q", `{"echo":"x"}`), `< {"id":"q","type":"complete"}`,
			subscribe("m", "mutation { say(text: \\\"y\\\") }"), nextMessage("m", `{"say":"y"}`), `< {"id":"m","type":"complete"}`,
		},
		"an id is free again after its end": {
			initialized, acknowledged,
			subscribe("a", "subscription { count(to: 1) }"), nextMessage("a", `{"count":1}`), `< {"id":"a","type":"complete"}`,
			subscribe("a", "subscription { count(to: 1) }"), nextMessage("a", `{"count":1}`), `< {"id":"a","type":"complete"}`,
		},
		"a client that no longer wants to know": {
			initialized, acknowledged, subscribe("a", "subscription { watch }"), nextMessage("a", `{"watch":"begun"}`),
			`> {"id":"a","type":"complete"}`, `> {"type":"ping"}`, `< {"type":"pong"}`,
			subscribe("a", "subscription { watch }"), nextMessage("a", `{"watch":"begun"}`),
		},
		"a document that is refused": {
			initialized, acknowledged, subscribe("a", "subscription { count"),
			errorMessage("a", `{"message":"Expected Name, found \u003cEOF\u003e","locations":[{"line":1,"column":21}],"extensions":{"code":"INVALID"}}`),
		},
		"a source that fails": {
			initialized, acknowledged, subscribe("a", "subscription { fail }"),
			errorMessage("a", `{"message":"You may not.","locations":[{"line":1,"column":16}],"path":["fail"],"extensions":{"code":"UNAVAILABLE"}}`),
		},
		"pings before and after":   {`> {"type":"ping"}`, `< {"type":"pong"}`, initialized, acknowledged, `> {"type":"pong"}`, `> {"type":"ping"}`, `< {"type":"pong"}`},
		"a question too early":     {subscribe("a", "{ echo }"), "x (4401) Unauthorized: send connection_init first."},
		"a second initialisation":  {initialized, acknowledged, initialized, "x (4429) Too many initialisation requests"},
		"an id that is taken":      {initialized, acknowledged, subscribe("a", "subscription { watch }"), nextMessage("a", `{"watch":"begun"}`), subscribe("a", "{ echo }"), "x (4409) Subscriber for a already exists"},
		"no JSON":                  {"> hello", "x (4400) The message is not the JSON of a message."},
		"an unknown type":          {initialized, acknowledged, `> {"type":"start"}`, "x (4400) There is no message of the type start to send here."},
		"a question without an id": {initialized, acknowledged, subscribe("", "{ echo }"), "x (4400) A subscribe message needs an id."},
		"a question without words": {initialized, acknowledged, `> {"id":"a","type":"subscribe","payload":{}}`, "x (4400) The parameter query is missing; it holds the GraphQL document."},
	}
	for name, lines := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dial(t, serve(t, newHandler(t)), nil, subprotocol).plays(lines...)
		})
	}
}

func TestAWebSocketThatSpeaksAnotherSubprotocolIsClosed(t *testing.T) {
	t.Parallel()
	dial(t, serve(t, newHandler(t)), nil, "graphql-ws").plays("x (4406) Subprotocol not acceptable; speak graphql-transport-ws.")
}

func TestAWebSocketThatDoesNotSayWhoAsksIsClosed(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	h.InitTimeout = time.Millisecond
	dial(t, serve(t, h), nil, subprotocol).plays("x (4408) Connection initialisation timeout")
}

func TestPagesOfOthersOpenNoWebSocket(t *testing.T) {
	t.Parallel()
	_, answer, err := websocket.Dial(t.Context(), serve(t, newHandler(t)).URL, &websocket.DialOptions{
		Subprotocols: []string{subprotocol}, HTTPHeader: http.Header{"Origin": {"https://elsewhere.example"}},
	})
	if err == nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("%v, %v; want status 403", answer, err)
	}
}

func TestTheKeyOfAWebSocketIsInItsHeaderOrInItsFirstMessage(t *testing.T) {
	t.Parallel()
	const right, wrong = "Bearer right", "Bearer wrong"
	h := newHandler(t)
	h.Context = func(r *http.Request) (context.Context, error) {
		switch r.Header.Get("Authorization") {
		case right:
			return r.Context(), nil
		case "Bearer broken":
			return nil, errors.New("password=secret")
		case "Bearer later":
			return nil, denied{"UNAVAILABLE"}
		}
		return nil, denied{"UNAUTHENTICATED"}
	}
	server := serve(t, h)
	tests := map[string]struct{ header, payload, want string }{
		"in the header":  {header: right, payload: `{}`, want: `< {"type":"connection_ack"}`},
		"in the message": {payload: `{"Authorization":"` + right + `"}`, want: `< {"type":"connection_ack"}`},
		"in small print": {payload: `{"authorization":"` + right + `"}`, want: `< {"type":"connection_ack"}`},
		"in both, and the message counts": {
			header: wrong, payload: `{"Authorization":"` + right + `"}`, want: `< {"type":"connection_ack"}`,
		},
		"nowhere":             {payload: `null`, want: "x (4403) You may not."},
		"wrong":               {payload: `{"Authorization":"` + wrong + `"}`, want: "x (4403) You may not."},
		"the store is down":   {payload: `{"Authorization":"Bearer later"}`, want: "x StatusTryAgainLater You may not."},
		"something is broken": {payload: `{"Authorization":"Bearer broken"}`, want: "x (4500) Something went wrong on our side; the details are in the server's log."},
		"no object":           {payload: `7`, want: `x (4400) The payload of connection_init must be an object such as {"Authorization": "Bearer KEY"}.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			if tt.header != "" {
				header.Set("Authorization", tt.header)
			}
			dial(t, server, header, subprotocol).plays(`> {"type":"connection_init","payload":`+tt.payload+`}`, tt.want)
		})
	}
}

func TestARevokedKeyClosesItsWebSocket(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	h.Heartbeat = time.Millisecond
	var revoked atomic.Bool
	h.Context = func(r *http.Request) (context.Context, error) {
		if revoked.Load() {
			return nil, denied{"UNAUTHENTICATED"}
		}
		return r.Context(), nil
	}
	c := connect(t, serve(t, h))
	c.plays(`> {"id":"a","type":"subscribe","payload":{"query":"subscription { watch }"}}`, nextMessage("a", `{"watch":"begun"}`))
	revoked.Store(true)
	c.plays("x (4403) You may not.")
}

func TestAWebSocketThatIsNotReadLosesItsSubscription(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	c := connect(t, serve(t, newFloodedHandler(t, func() { close(ended) })))
	c.plays(`> {"id":"a","type":"subscribe","payload":{"query":"subscription { flood }"}}`)
	<-ended
	last := c.hears()
	for strings.HasPrefix(last, `< {"id":"a","type":"next"`) {
		last = c.hears()
	}
	if want := errorMessage("a", `{"message":"`+tooSlow+`","extensions":{"code":"RATE_LIMITED"}}`); last != want {
		t.Errorf("the end is %s, want %s", last, want)
	}
	c.plays(`> {"id":"b","type":"subscribe","payload":{"query":"{ echo }"}}`, nextMessage("b", `{"echo":null}`), `< {"id":"b","type":"complete"}`)
}

func TestAWebSocketTakesAHundredOperationsAtATime(t *testing.T) {
	t.Parallel()
	c := connect(t, serve(t, newHandler(t)))
	for n := range MaxRunning {
		id := strconv.Itoa(n)
		c.plays(`> {"id":"`+id+`","type":"subscribe","payload":{"query":"subscription { watch }"}}`, nextMessage(id, `{"watch":"begun"}`))
	}
	c.plays(
		`> {"id":"more","type":"subscribe","payload":{"query":"subscription { watch }"}}`,
		errorMessage("more", `{"message":"A connection may have 100 subscriptions at a time; open another one.","extensions":{"code":"RATE_LIMITED"}}`),
	)
}

// waits is the key of a channel that is closed when somebody waits.
type waits struct{}

func TestShutdownLetsWebSocketsEndTheirOperations(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	began := make(chan struct{})
	h.Context = func(r *http.Request) (context.Context, error) {
		return context.WithValue(r.Context(), waits{}, began), nil
	}
	h.Timeout = 200 * time.Millisecond
	server := serve(t, h)
	idle, busy := connect(t, server), connect(t, server)
	busy.plays(
		`> {"id":"s","type":"subscribe","payload":{"query":"subscription { watch }"}}`, nextMessage("s", `{"watch":"begun"}`),
		`> {"id":"q","type":"subscribe","payload":{"query":"{ wait }"}}`,
	)
	<-began
	ended := make(chan error)
	go func() { ended <- h.Shutdown(t.Context()) }()
	busy.plays(
		`< {"id":"s","type":"complete"}`,
		`< {"id":"q","type":"next","payload":{"errors":[{"message":"The request took longer than allowed and was stopped; ask for less at once, or try again.","extensions":{"code":"UNAVAILABLE"}}],"data":{"wait":null}`+noCost+`}`,
		`< {"id":"q","type":"complete"}`,
		"x StatusGoingAway The server is stopping; try again in a moment.",
	)
	idle.plays("x StatusGoingAway The server is stopping; try again in a moment.")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	_, answer, err := websocket.Dial(t.Context(), server.URL, nil)
	if err == nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after it: %v, %v; want status 503", answer, err)
	}
}
