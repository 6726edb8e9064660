package transport

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core/budget"
)

const (
	tooMuch = "The request would hold more than 1024 KiB of memory, which is its limit: ask for fewer fields or a smaller page, or send less at once."
	keyBusy = "The requests of your key hold all of the 2048 KiB of memory that a key may have at a time: wait 2 s and try again, or ask for fewer fields and smaller pages."
)

// newBounded is a handler whose requests hold a mebibyte at most, those of a key
// two; ended hears of each request that is over.
func newBounded(t *testing.T) (h *Handler, all *budget.Server, ended chan struct{}, server *httptest.Server) {
	t.Helper()
	h, ended = newHandler(t), make(chan struct{}, 1000)
	all = budget.New(budget.Limits{Request: 1 << 20, Key: 2 << 20})
	h.Context = func(r *http.Request) (context.Context, error) { return all.Of(r.Context(), "k"), nil }
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- struct{}{} }()
		h.ServeHTTP(w, r)
	}))
	server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if tcp, ok := c.(*net.TCPConn); ok && state == http.StateNew {
			_ = tcp.SetWriteBuffer(4 << 10) // so that not all of an answer fits into the network
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return h, all, ended, server
}

func nothingHeld(t *testing.T, all *budget.Server) {
	t.Helper()
	if held := all.Held(); held != 0 {
		t.Errorf("%d bytes are held afterwards", held)
	}
}

func TestAnAnswerWhoseTextsFitManyTimesIsRefused(t *testing.T) {
	t.Parallel()
	_, all, ended, server := newBounded(t)
	text := strings.Repeat("x", 100<<10)
	ask := func(aliases int) call {
		var query strings.Builder
		for i := range aliases {
			fmt.Fprintf(&query, " a%d: echo(text: $t)", i)
		}
		return call{body: `{"query": "query($t: String) {` + query.String() + ` }", "variables": {"t": "` + text + `"}}`}
	}
	for accept, status := range map[string]int{graphqlResponse: 400, plainJSON: 200} {
		twice := ask(2)
		twice.accept = accept
		if r := twice.send(t, server); r.StatusCode != 200 || len(body(t, r)) < 2*len(text) {
			t.Errorf("twice: %d", r.StatusCode)
		}
		<-ended
		many := ask(12)
		many.accept = accept
		r := many.send(t, server)
		if got, want := body(t, r), refusal("INVALID", tooMuch); got != want || r.StatusCode != status {
			t.Errorf("twelve times: %d %.300s\nwant %d %s", r.StatusCode, got, status, want)
		}
		<-ended
	}
	nothingHeld(t, all)
	r := ask(12)
	r.body = strings.Replace(strings.ReplaceAll(r.body, "echo(", "say("), "query(", "mutation(", 1)
	if got := body(t, r.send(t, server)); !strings.HasPrefix(got, `{"errors":[{"message":"`+tooMuch+`","extensions":{"code":"INVALID"}}],"data":null`) {
		t.Errorf("what was carried out is not told apart: %.300s", got)
	}
	<-ended
	nothingHeld(t, all)
}

func TestWhileAKeyHoldsAllThatItMayItsRequestsHaveToWait(t *testing.T) {
	t.Parallel()
	_, all, ended, server := newBounded(t)
	_, other := budget.Begin(all.Of(t.Context(), "k"))
	_, another := budget.Begin(all.Of(t.Context(), "k"))
	for _, r := range []*budget.Request{other, another} {
		if err := r.Take(1 << 20); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"errors":[{"message":"` + keyBusy + `","extensions":{"code":"RATE_LIMITED","retryAfter":2}}]}`
	r := call{accept: plainJSON, body: `{"query": "{ echo }"}`}.send(t, server)
	if got := body(t, r); got != want || r.StatusCode != 429 || r.Header.Get("Retry-After") != "2" {
		t.Errorf("%d, after %s s: %s\nwant 429, after 2 s: %s", r.StatusCode, r.Header.Get("Retry-After"), got, want)
	}
	<-ended
	other.Release()
	if r := (call{accept: plainJSON, body: `{"query": "{ echo }"}`}).send(t, server); r.StatusCode != 200 {
		t.Errorf("afterwards: %d %s", r.StatusCode, body(t, r))
	}
	<-ended
	another.Release()
	nothingHeld(t, all)
}

// upload sends the head of a request and a part of its body.
func upload(t *testing.T, server *httptest.Server, length int, part string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n\r\n%s", length, part); err != nil {
		t.Fatal(err)
	}
	return c
}

func answered(t *testing.T, c net.Conn) string {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	return fmt.Sprint(r.StatusCode, " ", body(t, r))
}

func TestBodiesThatComeSlowlyEndAndHoldNoMoreThanHasCome(t *testing.T) {
	t.Parallel()
	h, all, ended, server := newBounded(t)
	h.BodyTimeout = 2 * time.Second
	const many, length = 40, 900 << 10
	part := `{"query": "` + strings.Repeat(" ", 120<<10)
	connections := make([]net.Conn, many)
	for i := range connections {
		connections[i] = upload(t, server, length, part)
	}
	got := map[string]int{}
	for _, c := range connections {
		answer := answered(t, c)
		got[answer]++
		if held := all.Held(); held > 2<<20 {
			t.Errorf("%d bytes are held at a time", held)
		}
	}
	late := "408 " + refusal("INVALID", "The request did not come within 2s, which is the limit; send it in smaller pieces.")
	busy := `429 {"errors":[{"message":"` + keyBusy + `","extensions":{"code":"RATE_LIMITED","retryAfter":2}}]}`
	if got[late] == 0 || got[busy] == 0 || got[late]+got[busy] != many {
		t.Errorf("answers and how often: %v\nwant some of each of\n%s\n%s", got, late, busy)
	}
	for range many {
		<-ended
	}
	nothingHeld(t, all)
}

func TestABodyThatIsAnnouncedAndDoesNotComeHoldsNothing(t *testing.T) {
	t.Parallel()
	h, all, ended, server := newBounded(t)
	h.BodyTimeout = time.Second
	for range 20 {
		upload(t, server, 900<<10, "{")
	}
	for range 20 {
		<-ended
	}
	nothingHeld(t, all)
	h.BodyTimeout = time.Hour
	if got := answered(t, upload(t, server, 20, `{"query": "{ echo }"`)); !strings.HasPrefix(got, "400 ") {
		t.Errorf("after them: %s", got)
	}
}

func TestAnAnswerThatIsNotReadIsGivenUp(t *testing.T) {
	t.Parallel()
	h, all, ended, server := newBounded(t)
	h.Patience = 100 * time.Millisecond
	text := `{"query": "{ echo(text: \"` + strings.Repeat("x", 90<<10) + `\") b: echo(text: \"` + strings.Repeat("x", 4<<10) + `\") }"}`
	c := upload(t, server, len(text), "")
	if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	<-ended // nobody has read a byte
	nothingHeld(t, all)
	got, err := io.ReadAll(c)
	if err == nil && strings.HasSuffix(string(got), "}") {
		t.Errorf("the whole answer of %d bytes came", len(got))
	}
}

func TestAKeepAliveConnectionOutlastsTheTimeForOneAnswer(t *testing.T) {
	t.Parallel()
	h, _, _, server := newBounded(t)
	h.Patience, h.BodyTimeout = time.Millisecond, 50*time.Millisecond
	for range 3 { // the deadlines of one must not be those of the next
		h.Timeout = 200 * time.Millisecond
		r := call{accept: plainJSON, body: `{"query": "{ wait echo }"}`}.send(t, server)
		if got := body(t, r); !strings.Contains(got, "took longer than allowed") {
			t.Errorf("%d %s", r.StatusCode, got)
		}
	}
}

func TestAWebSocketHoldsNoMoreThanItsKeyMay(t *testing.T) {
	t.Parallel()
	h, all, ended, server := newBounded(t)
	h.BodyTimeout = time.Second
	c := connect(t, server)
	text := strings.Repeat("x", 90<<10)
	subscribe := `> {"id":"a","type":"subscribe","payload":{"query":"query($t: String) { echo(text: $t) }","variables":{"t":"` + text + `"}}}`
	for range 30 { // one after another they are no burden
		c.plays(subscribe, nextMessage("a", `{"echo":"`+text+`"}`), `< {"id":"a","type":"complete"}`)
	}
	var nine strings.Builder
	for i := range 9 {
		fmt.Fprintf(&nine, " a%d: echo(text: $t)", i)
	}
	c.plays(strings.Replace(subscribe, " echo(text: $t)", nine.String(), 1))
	if got := c.hears(); !strings.Contains(got, tooMuch) {
		t.Errorf("nine times the text: %.300s", got)
	}
	c.plays(`< {"id":"a","type":"complete"}`)
	c.plays(`> {"id":"b","type":"subscribe","payload":{"query":"`+strings.Repeat(" ", 700<<10)+`"}}`, "x StatusTryAgainLater "+tooMuch[:maxReason])
	<-ended
	nothingHeld(t, all)
	stranger := dial(t, server, nil, subprotocol)
	stranger.plays(`> {"type":"ping","payload":"` + strings.Repeat("x", maxGreeting) + `"}`)
	if got := stranger.hears(); !strings.HasPrefix(got, "x StatusMessageTooBig") {
		t.Errorf("a long message of nobody knows whom: %.300s", got)
	}
}
