package transport

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/graphql/execution"
)

type asks struct{}

// newQueued has a heavy document, of which a key may have one at a time. Who asks
// is what the header says. began hears of the first that waits.
func newQueued(t *testing.T, limits fairqueue.Limits) (h *Handler, heavy string, began chan struct{}) {
	t.Helper()
	h = newHandler(t)
	h.Queue = fairqueue.New(limits, nil)
	h.Key = func(ctx context.Context) string { return ctx.Value(asks{}).(string) }
	began = make(chan struct{})
	h.Context = func(r *http.Request) (context.Context, error) {
		ctx := context.WithValue(r.Context(), asks{}, r.Header.Get("Authorization"))
		if r.URL.Query().Has("began") {
			ctx = context.WithValue(ctx, waits{}, began)
		}
		return ctx, nil
	}
	heavy = "{ " + strings.Repeat("wait ", 60) + "}"
	for _, known := range []string{heavy, "{ echo }", "subscription { " + strings.Repeat("watch ", 60) + "}"} {
		if _, err := h.Engine().Prepare(t.Context(), known); err != nil {
			t.Fatal(err)
		}
	}
	return h, heavy, began
}

const tooHeavy = `{"message":"The request costs 60, and of what is beyond 50 a key may have 1 at a time: wait 1 s, or ask for smaller pages or fewer fields.","extensions":{"code":"RATE_LIMITED","retryAfter":1}}`

func TestOneHeavyRequestTooManyIsRefusedAtEveryDoor(t *testing.T) {
	t.Parallel()
	h, heavy, began := newQueued(t, fairqueue.Limits{HeavyCost: 50, HeavyPerKey: 1})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan struct{})
	go func() {
		defer close(first)
		post(ctx, server.URL+"/graphql?began", "ada", "", heavy)
	}()
	<-began
	for accept, want := range map[string]string{
		graphqlResponse: `429 1 {"errors":[` + tooHeavy + `]}`,
		plainJSON:       `429 1 {"errors":[` + tooHeavy + `]}`,
		eventsOnly:      "200  :\n\nevent: next\ndata: {\"errors\":[" + tooHeavy + "]}\n\n" + eventComplete,
	} {
		if diff := cmp.Diff(want, post(t.Context(), server.URL+"/graphql", "ada", accept, heavy)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", accept, diff)
		}
	}
	c := dial(t, server, http.Header{"Authorization": {"ada"}}, subprotocol)
	c.plays("> "+`{"type":"connection_init"}`, "< "+`{"type":"connection_ack"}`,
		"> "+`{"id":"1","type":"subscribe","payload":{"query":"`+heavy+`"}}`, errorMessage("1", tooHeavy),
		"> "+`{"id":"2","type":"subscribe","payload":{"query":"{ echo }"}}`, nextMessage("2", `{"echo":null}`))
	for _, key := range []string{"ada", "bob"} {
		if got, want := post(t.Context(), server.URL+"/graphql", key, graphqlResponse, "{ echo }"), `200  {"data":{"echo":null}`+noCost; got != want {
			t.Errorf("a light request of %s is answered %s, want %s", key, got, want)
		}
	}
	// A heavy event waits for its turn instead, which comes when the first is gone.
	events := connectAs(t, server, "ada")
	events.plays("> " + `{"id":"3","type":"subscribe","payload":{"query":"subscription { ` + strings.Repeat("watch ", 60) + `}"}}`)
	leave()
	<-first
	events.plays(`< {"id":"3","type":"next","payload":{"data":{"watch":"begun"},"extensions":{"cost":{"limit":100000,"requested":60}}}}`)
}

func connectAs(t *testing.T, server *httptest.Server, key string) *client {
	t.Helper()
	c := dial(t, server, http.Header{"Authorization": {key}}, subprotocol)
	c.plays("> "+`{"type":"connection_init"}`, "< "+`{"type":"connection_ack"}`)
	return c
}

// post is the status, the header Retry-After and the body of an answer.
func post(ctx context.Context, url, key, accept, query string) string {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"query":"`+query+`"}`))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Authorization", key)
	r.Header.Set("Content-Type", "application/json")
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	var text strings.Builder
	if _, err := io.Copy(&text, answer.Body); err != nil {
		return err.Error()
	}
	return strings.Join([]string{answer.Status[:3], answer.Header.Get("Retry-After"), text.String()}, " ")
}

// A plugin that asks the API while somebody waits for it gets its turn, even if
// no more may run than wait for it.
func TestWhatIsCausedByAWaitingRequestNeverWaitsForIt(t *testing.T) {
	t.Parallel()
	var url string
	schema, err := graphql.NewSchema(graphql.SchemaConfig{Query: graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: graphql.Fields{
		"plugin": {Type: graphql.String, Resolve: func(p graphql.ResolveParams) (any, error) {
			defer fairqueue.Aside(p.Context)()
			return post(p.Context, url, "ada", graphqlResponse, "{ stored }"), nil
		}},
		"stored": {Type: graphql.String, Resolve: func(graphql.ResolveParams) (any, error) { return "value", nil }},
	}})})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := execution.New(execution.Config{Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&Handler{
		Engine: func() *execution.Engine { return engine }, Queue: fairqueue.New(fairqueue.Limits{Running: 1, PerKey: 1}, nil),
	})
	t.Cleanup(server.Close)
	url = server.URL
	got := post(t.Context(), url, "ada", graphqlResponse, "{ plugin }")
	if want := `200  {"data":{"plugin":"200  {\"data\":{\"stored\":\"value\"}` + strings.ReplaceAll(noCost, `"`, `\"`) + `"}` + noCost; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
