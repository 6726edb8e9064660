package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
)

func newHandler(t testing.TB) *Handler {
	t.Helper()
	return newFloodedHandler(t, func() {})
}

// newFloodedHandler hears of the end of the subscription flood.
func newFloodedHandler(t testing.TB, floodEnded func()) *Handler {
	t.Helper()
	echo := func(p graphql.ResolveParams) (any, error) { return p.Args["text"], nil }
	source := func(p graphql.ResolveParams) (any, error) { return p.Source, nil }
	text := graphql.FieldConfigArgument{"text": {Type: graphql.String}}
	customer := graphql.NewObject(graphql.ObjectConfig{Name: "Customer", Fields: graphql.Fields{
		"number": {Type: graphql.NewNonNull(graphql.String)}, "name": {Type: graphql.String},
	}})
	schema, err := graphql.NewSchema(graphql.SchemaConfig{
		Query: graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: graphql.Fields{
			"echo": {Type: graphql.String, Args: text, Resolve: echo},
			"customers": {Type: graphql.NewList(customer), Resolve: func(graphql.ResolveParams) (any, error) {
				return []any{map[string]any{"number": "K-1", "name": "Alfreds Futterkiste"}, map[string]any{"number": "K-2", "name": "Blauer See"}}, nil
			}},
			"need": {Type: graphql.NewNonNull(graphql.String)},
			"wait": {Type: graphql.String, Resolve: func(p graphql.ResolveParams) (any, error) {
				if began, ok := p.Context.Value(waits{}).(chan struct{}); ok {
					close(began)
				}
				<-p.Context.Done()
				return nil, p.Context.Err()
			}},
		}}),
		Mutation: graphql.NewObject(graphql.ObjectConfig{Name: "Mutation", Fields: graphql.Fields{"say": {Type: graphql.String, Args: text, Resolve: echo}}}),
		Subscription: graphql.NewObject(graphql.ObjectConfig{Name: "Subscription", Fields: graphql.Fields{
			"count": {Type: graphql.Int, Args: graphql.FieldConfigArgument{"to": {Type: graphql.Int}}, Resolve: source},
			"watch": {Type: graphql.String, Resolve: source},
			"flood": {Type: graphql.String, Resolve: source},
			"fail":  {Type: graphql.String, Resolve: source},
		}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := execution.New(execution.Config{Schema: schema, Sources: sources(floodEnded)})
	if err != nil {
		t.Fatal(err)
	}
	return &Handler{Engine: func() *execution.Engine { return engine }}
}

type call struct {
	method, accept, contentType, body string
	query                             url.Values
}

func (c call) do(ctx context.Context, h http.Handler) *http.Response {
	if c.method == "" {
		c.method = http.MethodPost
	}
	r := httptest.NewRequestWithContext(ctx, c.method, "/graphql?"+c.query.Encode(), strings.NewReader(c.body))
	if c.contentType != "" {
		r.Header.Set("Content-Type", c.contentType)
	} else if c.method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.accept != "" {
		r.Header.Set("Accept", c.accept)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func refusal(code, message string) string {
	return `{"errors":[{"message":"` + message + `","extensions":{"code":"` + code + `"}}]}`
}

const noCost = `,"extensions":{"cost":{"limit":100000,"requested":1}}}`

func TestRequests(t *testing.T) {
	t.Parallel()
	const response, plain = "application/graphql-response+json", "application/json"
	tests := map[string]struct {
		call   call
		status int
		want   string
	}{
		"POST": {
			call: call{body: `{"query": "query($t: String) { echo(text: $t) }", "variables": {"t": "Süß 🏃"}}`}, status: 200,
			want: `{"data":{"echo":"Süß 🏃"}` + noCost,
		},
		"POST with a charset and a byte order mark": {
			call: call{contentType: "application/json; charset=UTF-8", body: "\xef\xbb\xbf" + `{"query": "{ echo }"}`}, status: 200,
			want: `{"data":{"echo":null}` + noCost,
		},
		"GET": {
			call:   call{method: "GET", query: url.Values{"query": {"query A($t: String) { echo(text: $t) } query B { echo }"}, "operationName": {"A"}, "variables": {`{"t": "x"}`}}},
			status: 200, want: `{"data":{"echo":"x"}` + noCost,
		},
		"mutation by POST": {
			call: call{body: `{"query": "mutation { say(text: \"hi\") }"}`}, status: 200, want: `{"data":{"say":"hi"}` + noCost,
		},
		"mutation by GET": {
			call: call{method: "GET", query: url.Values{"query": {"mutation { say }"}}}, status: 405,
			want: refusal("INVALID", "A GET request may only read; send a mutation by POST."),
		},
		"another method": {
			call: call{method: "PUT"}, status: 405, want: refusal("INVALID", "GraphQL is asked by POST or GET, not by PUT."),
		},
		"a partial answer": {
			call: call{accept: response, body: `{"query": "{ need }"}`}, status: 200,
			want: `{"errors":[{"message":"Cannot return null for non-nullable field Query.need.","locations":[{"line":1,"column":3}],"path":["need"],"extensions":{"code":"INTERNAL"}}],"data":null` + noCost,
		},
		"an answer nobody can read": {
			call: call{accept: "image/png", body: `{"query": "{ echo }"}`}, status: 406,
			want: refusal("INVALID", "The answer can be application/graphql-response+json, application/json or text/event-stream; the Accept header allows none of them."),
		},
		"form data": {
			call: call{contentType: "application/x-www-form-urlencoded", body: "query={echo}"}, status: 415,
			want: refusal("INVALID", `Say Content-Type: application/json; \"application/x-www-form-urlencoded\" is not understood.`),
		},
		"another charset": {
			call: call{contentType: "application/json; charset=iso-8859-1", body: `{}`}, status: 415,
			want: refusal("INVALID", `Send the request in UTF-8; \"iso-8859-1\" is not understood.`),
		},
		"bytes that are not UTF-8": {
			call: call{body: "{\"query\": \"\xff\"}"}, status: 400, want: refusal("INVALID", "The body is not valid UTF-8."),
		},
		"no body": {
			call: call{}, status: 400, want: refusal("INVALID", `The request has no body; send {\"query\": \"...\"}.`),
		},
		"a body that is cut off": {
			call: call{body: `{"query": "{ ec`}, status: 400, want: refusal("INVALID", "The body is not valid JSON: it ends too early."),
		},
		"a body that is not JSON": {
			call: call{body: `{query: 1}`}, status: 400, want: refusal("INVALID", "The body is not valid JSON: invalid character 'q' looking for beginning of object key string (at byte 2)."),
		},
		"two bodies": {
			call: call{body: `{"query": "{ echo }"} {}`}, status: 400, want: refusal("INVALID", "The body is not valid JSON: something follows after its end."),
		},
		"a batch": {
			call: call{body: `[{"query": "{ echo }"}]`}, status: 400, want: refusal("INVALID", "Batches are not offered; send each operation as a request of its own."),
		},
		"a string for a body": {
			call: call{body: `"{ echo }"`}, status: 400, want: refusal("INVALID", `The body must be a JSON object such as {\"query\": \"...\"}.`),
		},
		"no query": {
			call: call{body: `{"qeury": "{ echo }"}`}, status: 400, want: refusal("INVALID", "The parameter query is missing; it holds the GraphQL document."),
		},
		"a query that is no string": {
			call: call{body: `{"query": 1}`}, status: 400, want: refusal("INVALID", "The parameter query must be a string."),
		},
		"variables that are no object": {
			call: call{body: `{"query": "{ echo }", "variables": []}`}, status: 400, want: refusal("INVALID", "The parameter variables must be an object."),
		},
		"variables in an address that are no JSON": {
			call: call{method: "GET", query: url.Values{"query": {"{ echo }"}, "variables": {"{"}}}, status: 400,
			want: refusal("INVALID", "The parameter variables is not valid JSON: it ends too early."),
		},
		"nulls for what is optional": {
			call: call{body: `{"query": "{ echo }", "variables": null, "operationName": null, "extensions": null}`}, status: 200, want: `{"data":{"echo":null}` + noCost,
		},
		"a wrong document, for a client that knows the specification": {
			call: call{accept: response, body: `{"query": "{"}`}, status: 400,
			want: `{"errors":[{"message":"Expected Name, found <EOF>","locations":[{"line":1,"column":2}],"extensions":{"code":"INVALID"}}]}`,
		},
		"a wrong document, for an older client": {
			call: call{accept: plain, body: `{"query": "{"}`}, status: 200,
			want: `{"errors":[{"message":"Expected Name, found <EOF>","locations":[{"line":1,"column":2}],"extensions":{"code":"INVALID"}}]}`,
		},
		"too long": {
			call: call{body: `{"query": "` + strings.Repeat(" ", 2000) + `"}`}, status: 413,
			want: refusal("INVALID", "The request is longer than 1000 bytes, which is the limit; send it in smaller pieces."),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHandler(t)
			h.MaxBodyBytes = 1000
			r := tt.call.do(t.Context(), h)
			if r.StatusCode != tt.status {
				t.Errorf("status = %d, want %d", r.StatusCode, tt.status)
			}
			if diff := cmp.Diff(tt.want, body(t, r)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if r.StatusCode == 405 && r.Header.Get("Allow") == "" {
				t.Error("405 without an Allow header")
			}
		})
	}
}

func TestWithoutALimitOfItsOwnAHandlerReadsTheDefault(t *testing.T) {
	t.Parallel()
	long := func(size int) string {
		text := `{"query": "{ echo }", "extensions": {"padding": ""}}`
		return strings.Replace(text, `""`, `"`+strings.Repeat("x", size-len(text))+`"`, 1)
	}
	h := newHandler(t)
	if r := (call{body: long(8 << 20)}).do(t.Context(), h); r.StatusCode != http.StatusOK {
		t.Errorf("8 MiB are answered with %d: %s", r.StatusCode, body(t, r))
	}
	r := (call{body: long(8<<20 + 1)}).do(t.Context(), h)
	if diff := cmp.Diff(refusal("INVALID", "The request is longer than 8388608 bytes, which is the limit; send it in smaller pieces."), body(t, r)); diff != "" || r.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("one byte more is answered with %d, body (-want +got):\n%s", r.StatusCode, diff)
	}
}

func TestTheAnswerIsWhatTheClientAccepts(t *testing.T) {
	t.Parallel()
	const response, plain = "application/graphql-response+json; charset=utf-8", "application/json; charset=utf-8"
	for accept, want := range map[string]string{
		"":                                  plain,
		"*/*":                               plain,
		"application/*":                     plain,
		"application/json":                  plain,
		"application/graphql-response+json": response,
		"application/graphql-response+json, application/json;q=0.9":                 response,
		"application/json, application/graphql-response+json":                       response,
		"application/graphql-response+json;q=0.1, application/json":                 plain,
		"application/graphql-response+json;q=0, */*":                                plain,
		"application/graphql-response+json;charset=utf-8":                           response,
		"text/html, application/graphql-response+json;q=0.5, bro/ken/;q=x, */*;q=0": response,
	} {
		r := call{accept: accept, body: `{"query": "{ echo }"}`}.do(t.Context(), newHandler(t))
		if got := r.Header.Get("Content-Type"); got != want {
			t.Errorf("Accept %q was answered with %q, want %q", accept, got, want)
		}
	}
}

type denied struct{ code string }

func (d denied) Error() string { return d.code }
func (d denied) GraphQLError() (string, map[string]any) {
	return "You may not.", map[string]any{"code": d.code}
}

func TestWhoMayNotAskGetsAGraphQLAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err    error
		status int
		want   string
	}{
		"unknown":       {err: denied{"UNAUTHENTICATED"}, status: 401, want: refusal("UNAUTHENTICATED", "You may not.")},
		"forbidden":     {err: denied{"FORBIDDEN"}, status: 403, want: refusal("FORBIDDEN", "You may not.")},
		"too often":     {err: denied{"RATE_LIMITED"}, status: 429, want: refusal("RATE_LIMITED", "You may not.")},
		"store down":    {err: denied{"UNAVAILABLE"}, status: 503, want: refusal("UNAVAILABLE", "You may not.")},
		"anything else": {err: errors.New("password=secret"), status: 500, want: refusal("INTERNAL", "Something went wrong on our side; the details are in the server's log.")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			h := newHandler(t)
			h.Log = slog.New(slog.NewTextHandler(&log, nil))
			h.Context = func(*http.Request) (context.Context, error) { return nil, tt.err }
			r := call{body: `{"query": "{ nonsense }"}`}.do(t.Context(), h)
			if got := body(t, r); r.StatusCode != tt.status || got != tt.want {
				t.Errorf("answer = %d %s, want %d %s", r.StatusCode, got, tt.status, tt.want)
			}
			if challenge := r.Header.Get("WWW-Authenticate"); (challenge == "Bearer") != (tt.status == 401) {
				t.Errorf("WWW-Authenticate = %q", challenge)
			}
			if logged := strings.Contains(log.String(), "password=secret"); logged != (tt.status == 500) {
				t.Errorf("log = %q", log.String())
			}
		})
	}
}

func TestAnAnswerThatIsNoJSONIsLoggedAndHidden(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := newHandler(t)
	h.Log = slog.New(slog.NewTextHandler(&log, nil))
	h.Context = func(*http.Request) (context.Context, error) {
		return nil, &execution.Error{Message: "No.", Extensions: map[string]any{"code": "FORBIDDEN", "why": func() {}}}
	}
	r := call{body: `{"query": "{ echo }"}`}.do(t.Context(), h)
	want := refusal("INTERNAL", "Something went wrong on our side; the details are in the server's log.")
	if got := body(t, r); r.StatusCode != 500 || got != want || !strings.Contains(log.String(), "unsupported type: func()") {
		t.Errorf("answer = %d %s, log = %q; want 500 %s", r.StatusCode, got, log.String(), want)
	}
}

func TestTheServerSaysThatItIsNotReady(t *testing.T) {
	t.Parallel()
	h := &Handler{Engine: func() *execution.Engine { return nil }}
	r := call{body: `{"query": "{ echo }"}`}.do(t.Context(), h)
	want := refusal("UNAVAILABLE", "The server is not ready yet; try again in a moment.")
	if got := body(t, r); r.StatusCode != 503 || got != want || r.Header.Get("Retry-After") == "" {
		t.Errorf("answer = %d %s, want 503 %s", r.StatusCode, got, want)
	}
}

func TestARequestEndsAtItsTimeout(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	h.Timeout = time.Millisecond
	got := body(t, call{body: `{"query": "{ wait }"}`}.do(t.Context(), h))
	want := `{"errors":[{"message":"The request took longer than allowed and was stopped; ask for less at once, or try again.","extensions":{"code":"UNAVAILABLE"}}],"data":{"wait":null}` + noCost
	if got != want {
		t.Errorf("answer = %s, want %s", got, want)
	}
}
