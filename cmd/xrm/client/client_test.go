package client

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answering is a server that gives one answer after the other, the last one
// for ever.
func answering(t *testing.T, answers ...http.HandlerFunc) (*Client, *atomic.Int64) {
	t.Helper()
	asked := &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[min(int(asked.Add(1)), len(answers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	return &Client{Server: server.URL, Key: "xrm_key", HTTP: server.Client(), Retry: 20 * time.Second, First: time.Millisecond}, asked
}

func says(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func cut(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

const graphQL = "application/graphql-response+json; charset=utf-8"

var fine = says(200, graphQL, `{"data": {"n": 7}}`)

type number struct{ N int }

func TestTheKeyTravelsInTheHeader(t *testing.T) {
	c, _ := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer xrm_key" || r.URL.Path != "/graphql" || r.Method != http.MethodPost {
			t.Errorf("%s %s with %v", r.Method, r.URL, r.Header)
		}
		fine(w, r)
	})
	var got number
	if err := c.Do(t.Context(), Request{Query: "{ n }"}, &got); err != nil || got.N != 7 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAServerThatIsAwayIsTriedAgain(t *testing.T) {
	unavailable := says(200, graphQL, `{"data": null, "errors": [{"message": "The database is down.", "extensions": {"code": "UNAVAILABLE"}}]}`)
	tests := map[string]struct {
		answers []http.HandlerFunc
		once    bool
		asked   int64
		want    string // the error; "" for the answer
	}{
		"cut off":                      {answers: []http.HandlerFunc{cut, cut, fine}, asked: 3},
		"behind a proxy":               {answers: []http.HandlerFunc{says(502, "text/html", "<h1>Bad"), fine}, asked: 2},
		"its database is away":         {answers: []http.HandlerFunc{unavailable, fine}, asked: 2},
		"cut off, must not come twice": {answers: []http.HandlerFunc{cut, fine}, once: true, asked: 1, want: "cannot reach the server at SERVER: EOF; start it with `xrm serve`, or say where it is with --server"},
		"unavailable, must not come twice": {
			answers: []http.HandlerFunc{unavailable, fine}, once: true, asked: 1, want: "The database is down.",
		},
		"a mistake of ours": {
			answers: []http.HandlerFunc{says(400, graphQL, `{"errors": [{"message": "Cannot query field \"n\"."}]}`), fine},
			asked:   1, want: `Cannot query field "n".`,
		},
		"something else": {
			answers: []http.HandlerFunc{says(404, "text/html", "<h1>Not Found"), fine},
			asked:   1, want: "SERVER answers 404 Not Found and nothing that an xrm server would say; check --server",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, asked := answering(t, tt.answers...)
			var got number
			err := c.Do(t.Context(), Request{Query: "{ n }", Once: tt.once}, &got)
			if asked.Load() != tt.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), tt.asked)
			}
			if message := withoutServer(err, c); message != tt.want {
				t.Errorf("got  %s\nwant %s", message, tt.want)
			}
			if tt.want == "" && got.N != 7 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// withoutServer is an error's text without the port, which changes.
func withoutServer(err error, c *Client) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), c.Server, "SERVER")
}

func TestAPartialAnswerComesWithItsErrors(t *testing.T) {
	c, _ := answering(t, says(200, graphQL, `{"data": {"n": 7}, "errors": [
		{"message": "The customer was not saved.", "path": ["result", 3], "extensions": {"code": "INVALID", "violations": [{"field": "email", "rule": "email", "message": "must be an e-mail address"}]}},
		{"message": "No."}]}`))
	var got number
	err := c.Do(t.Context(), Request{Query: "{ n }"}, &got)
	var refused Errors
	if !errors.As(err, &refused) || len(refused) != 2 || got.N != 7 || refused.Code() != "INVALID" {
		t.Fatalf("%+v, %v", got, err)
	}
	if diff := cmp.Diff("The customer was not saved. email must be an e-mail address\nNo.", err.Error()); diff != "" {
		t.Error(diff)
	}
	if i, ok := refused[0].Index(); i != 3 || !ok {
		t.Errorf("index %d, %v", i, ok)
	}
	if _, ok := refused[1].Index(); ok {
		t.Error("an error of the whole request has an index")
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	c, _ := answering(t, cut)
	c.First = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	c.Waiting = func(error, time.Duration) { cancel() }
	c.Retry = 24 * time.Hour
	if err := c.Do(ctx, Request{Query: "{ n }"}, &number{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestASecondTryIsGivenUpInTheEnd(t *testing.T) {
	c, asked := answering(t, cut)
	c.Retry = 50 * time.Millisecond
	err := c.Do(t.Context(), Request{Query: "{ n }"}, &number{})
	var unreachable *Unreachable
	if !errors.As(err, &unreachable) || !unreachable.Sent || asked.Load() < 2 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}
