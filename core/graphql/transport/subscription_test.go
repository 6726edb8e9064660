package transport

import (
	"bufio"
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/graphql/execution"
)

// sources are what the subscriptions of the tests tell.
func sources(floodEnded func()) map[execution.FieldName]execution.Source {
	of := func(field string) execution.FieldName { return execution.FieldName{Type: "Subscription", Field: field} }
	return map[execution.FieldName]execution.Source{
		of("count"): func(_ context.Context, args map[string]any) iter.Seq2[any, error] {
			return func(yield func(any, error) bool) {
				for n := 1; n <= args["to"].(int) && yield(n, nil); n++ {
				}
			}
		},
		// watch begins, and then nothing happens.
		of("watch"): func(ctx context.Context, _ map[string]any) iter.Seq2[any, error] {
			return func(yield func(any, error) bool) {
				if yield("begun", nil) {
					<-ctx.Done()
				}
			}
		},
		// flood does not end until nobody wants to know.
		of("flood"): func(context.Context, map[string]any) iter.Seq2[any, error] {
			return func(yield func(any, error) bool) {
				for drop := strings.Repeat("x", 64<<10); yield(drop, nil); {
				}
				floodEnded()
			}
		},
		of("fail"): func(context.Context, map[string]any) iter.Seq2[any, error] {
			return func(yield func(any, error) bool) { yield(nil, denied{"UNAVAILABLE"}) }
		},
	}
}

const eventsOnly = "text/event-stream"

// nextEvent is a result as an event, with the cost of one field.
func nextEvent(data string) string {
	return "event: next\ndata: {\"data\":" + data + noCost + "\n\n"
}

func TestOperationsAreAnsweredWithEvents(t *testing.T) {
	t.Parallel()
	const end = "event: complete\ndata:\n\n"
	const mixed = "application/graphql-response+json, application/json, text/event-stream"
	tests := map[string]struct {
		call   call
		status int
		want   string
	}{
		"a subscription by POST": {
			call:   call{accept: eventsOnly, body: `{"query": "subscription($to: Int) { count(to: $to) }", "variables": {"to": 2}}`},
			status: 200, want: ":\n\n" + nextEvent(`{"count":1}`) + nextEvent(`{"count":2}`) + end,
		},
		"a subscription by GET": {
			call:   call{method: "GET", accept: eventsOnly, query: url.Values{"query": {"subscription { count(to: 1) }"}}},
			status: 200, want: ":\n\n" + nextEvent(`{"count":1}`) + end,
		},
		"a subscription for a client that accepts everything": {
			call:   call{accept: mixed, body: `{"query": "subscription { count(to: 1) }"}`},
			status: 200, want: ":\n\n" + nextEvent(`{"count":1}`) + end,
		},
		"a query for a client that accepts everything": {
			call: call{accept: mixed, body: `{"query": "{ echo(text: \"x\") }"}`}, status: 200, want: `{"data":{"echo":"x"}` + noCost,
		},
		"a query": {
			call: call{accept: eventsOnly, body: `{"query": "{ echo(text: \"x\") }"}`}, status: 200, want: ":\n\n" + nextEvent(`{"echo":"x"}`) + end,
		},
		"a mutation": {
			call: call{accept: eventsOnly, body: `{"query": "mutation { say(text: \"x\") }"}`}, status: 200, want: ":\n\n" + nextEvent(`{"say":"x"}`) + end,
		},
		"a mutation by GET": {
			call:   call{method: "GET", accept: eventsOnly, query: url.Values{"query": {"mutation { say }"}}},
			status: 405, want: refusal("INVALID", "A GET request may only read; send a mutation by POST."),
		},
		"a document that is refused": {
			call:   call{accept: eventsOnly, body: `{"query": "subscription { count"}`},
			status: 200, want: ":\n\nevent: next\ndata: {\"errors\":[{\"message\":\"Expected Name, found <EOF>\",\"locations\":[{\"line\":1,\"column\":21}],\"extensions\":{\"code\":\"INVALID\"}}]}\n\n" + end,
		},
		"a source that fails": {
			call:   call{accept: eventsOnly, body: `{"query": "subscription { fail }"}`},
			status: 200, want: ":\n\nevent: next\ndata: {\"errors\":[{\"message\":\"You may not.\",\"locations\":[{\"line\":1,\"column\":16}],\"path\":[\"fail\"],\"extensions\":{\"code\":\"UNAVAILABLE\"}}]}\n\n" + end,
		},
		"a subscription for a client that wants one answer": {
			call:   call{accept: "application/json", body: `{"query": "subscription { count(to: 1) }"}`},
			status: 406, want: refusal("INVALID", "A subscription is answered by events: accept text/event-stream, or open a WebSocket with the subprotocol graphql-transport-ws."),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, newHandler(t))
			r := tt.call.send(t, server)
			if got := body(t, r); r.StatusCode != tt.status || got != tt.want {
				t.Errorf("status %d, want %d; body (-want +got):\n%s", r.StatusCode, tt.status, cmp.Diff(tt.want, got))
			}
		})
	}
}

// serve closes the server after the clients of the test, which it waits for.
func serve(t testing.TB, h http.Handler) *httptest.Server {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// send goes over the network, as events need it.
func (c call) send(t *testing.T, server *httptest.Server) *http.Response {
	t.Helper()
	if c.method == "" {
		c.method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+"/graphql?"+c.query.Encode(), strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", c.accept)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// follow begins a subscription that goes on, and returns what comes after its
// first event.
func follow(t *testing.T, server *httptest.Server, query string) *bufio.Reader {
	t.Helper()
	r := call{accept: eventsOnly, body: `{"query": "` + query + `"}`}.send(t, server)
	events := bufio.NewReader(r.Body)
	for {
		line, err := events.ReadString('\n')
		if err != nil {
			t.Fatalf("%d: %v", r.StatusCode, err)
		}
		if strings.HasPrefix(line, "data: ") {
			_, _ = events.ReadString('\n')
			return events
		}
	}
}

// rest reads to the end, without the signs of life at its beginning.
func rest(t *testing.T, events io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(events)
	if err != nil {
		t.Fatalf("after %q: %v", text, err)
	}
	return strings.TrimLeft(string(text), ":\n")
}

func TestEventsGoOnLongerThanARequestMayTakeToBeRead(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	h.Heartbeat = 20 * time.Millisecond
	server := httptest.NewUnstartedServer(h)
	server.Config.ReadTimeout = 50 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	events := follow(t, server, "subscription { watch }")
	for n := range 20 {
		if line, err := events.ReadString('\n'); err != nil || n%2 == 0 && line != ":\n" {
			t.Fatalf("instead of a sign of life: %q, %v", line, err)
		}
	}
}

func TestARevokedKeyEndsItsEvents(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	h.Heartbeat = time.Millisecond
	var state atomic.Value
	state.Store("")
	h.Context = func(r *http.Request) (context.Context, error) {
		if code := state.Load().(string); code != "" {
			return nil, denied{code}
		}
		return r.Context(), nil
	}
	server := serve(t, h)
	events := follow(t, server, "subscription { watch }")
	state.Store("UNAVAILABLE") // nobody can say whether it is revoked
	for range 10 {
		if line, err := events.ReadString('\n'); err != nil {
			t.Fatalf("while the store is down: %q, %v", line, err)
		}
	}
	state.Store("UNAUTHENTICATED")
	want := "event: next\ndata: " + refusal("UNAUTHENTICATED", "You may not.") + "\n\nevent: complete\ndata:\n\n"
	if got := rest(t, events); got != want {
		t.Errorf("the end is %q, want %q", got, want)
	}
}

const tooSlow = "The events came faster than they were read; subscribe again to go on."

func TestAClientThatDoesNotReadLosesItsSubscription(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	events := follow(t, serve(t, newFloodedHandler(t, func() { close(ended) })), "subscription { flood }")
	<-ended
	if got := rest(t, events); !strings.HasSuffix(got, "event: next\ndata: "+refusal("RATE_LIMITED", tooSlow)+"\n\nevent: complete\ndata:\n\n") {
		t.Errorf("the end is %q", got[max(0, len(got)-300):])
	}
}

func TestMoreSubscriptionsThanTheServerTakesAreRefused(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	h.MaxSubscriptions = 1
	server := serve(t, h)
	follow(t, server, "subscription { watch }")
	want := ":\n\nevent: next\ndata: " + refusal("RATE_LIMITED", "The server has 1 subscriptions already, which is its limit; try again later.") + "\n\nevent: complete\ndata:\n\n"
	if got := body(t, call{accept: eventsOnly, body: `{"query": "subscription { watch }"}`}.send(t, server)); got != want {
		t.Errorf("the second one: %q, want %q", got, want)
	}
}

func TestShutdownCompletesSubscriptionsAndBeginsNone(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	server := serve(t, h)
	events := follow(t, server, "subscription { watch }")
	if err := h.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := rest(t, events), "event: complete\ndata:\n\n"; got != want {
		t.Errorf("the end is %q, want %q", got, want)
	}
	r := call{accept: eventsOnly, body: `{"query": "subscription { watch }"}`}.send(t, server)
	if got, want := body(t, r), refusal("UNAVAILABLE", "The server is stopping; try again in a moment."); r.StatusCode != 503 || got != want {
		t.Errorf("after it: %d %s, want 503 %s", r.StatusCode, got, want)
	}
}
