package pluginhost_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// ServeHTTP answers /page with all that a plugin may try on a browser, /endless
// without end, and keeps whoever asks for anything else waiting.
func (a *actor) ServeHTTP(stream pluginpb.Plugin_ServeHTTPServer) error {
	request, err := stream.Recv()
	if err != nil {
		return err
	}
	if order, told := strings.CutPrefix(request.GetHead().GetTarget(), "/parts?"); told {
		return answerInParts(stream, order)
	}
	if request.GetHead().GetTarget() == "/endless" {
		err = stream.Send(&pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Head{Head: &pluginpb.HTTPResponseHead{Status: http.StatusOK}}})
		for err == nil {
			err = stream.Send(&pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Body{Body: make([]byte, 1<<20)}})
		}
		return err
	}
	if request.GetHead().GetTarget() != "/page" {
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	head := &pluginpb.HTTPResponseHead{Status: http.StatusOK, Headers: []*pluginpb.HTTPHeader{
		{Name: "Content-Type", Value: "text/html"},
		{Name: "Content-Security-Policy", Value: "sandbox allow-same-origin allow-scripts"},
		{Name: "x-content-type-options", Value: "off"},
		{Name: "content-length", Value: "100"}, {Name: "Content-Length", Value: "+4"}, {Name: "Content-Length", Value: "2"},
		{Name: "Service-Worker-Allowed", Value: "/"}, {Name: "clear-site-data", Value: "*"}, {Name: "Strict-Transport-Security", Value: "max-age=1"},
		{Name: "Accept-CH", Value: "DPR"}, {Name: "Set-Login", Value: "logged-in"}, {Name: "Use-As-Dictionary", Value: `match="/*"`},
		{Name: "x-accel-redirect", Value: "/graphql"}, {Name: "X-Sendfile", Value: "/etc/passwd"},
		{Name: "Set-Cookie", Value: "xrm-session=1; Path=/"}, {Name: "set-cookie", Value: " __Host-XRM-session=1"}, {Name: "Set-Cookie", Value: "=xrm-session=1"},
		{Name: "Trailer:Set-Cookie", Value: "a=b"}, {Name: "Trailer:Content-Security-Policy", Value: "none"}, {Name: "Trailer", Value: "Set-Cookie"},
		{Name: "Content-Security-Policy ", Value: "none"}, {Name: "", Value: "x"}, {Name: "X-Content-Type-Options", Value: ""},
		{Name: "Transfer-Encoding", Value: "identity"}, {Name: "X-Split\r\nX-Evil", Value: "1"}, {Name: "X-Lines", Value: "a\r\nX-Evil: b"},
	}}
	if err := stream.Send(&pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Head{Head: head}}); err != nil {
		return err
	}
	return stream.Send(&pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Body{Body: []byte("ok")}})
}

// answering serves the endpoints of a host with the plugin "answers".
func answering(t *testing.T, h *pluginhost.Host) *httptest.Server {
	t.Helper()
	m := model(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.ServeHTTP(holding(h, m), "answers", w, r); err != nil {
			http.Error(w, told(err), http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// get returns the header and the body of an answer.
func get(t *testing.T, url string) (http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Header, string(body)
}

func TestAPageOfAPluginIsAStrangerInTheOriginOfTheAPI(t *testing.T) {
	t.Parallel()
	server := answering(t, serving(t, "answers", pluginhost.Config{}))
	header, body := get(t, server.URL+"/page")
	header.Del("Date")
	want := http.Header{
		"Content-Type":            {"text/html"},
		"Content-Length":          {"2"},
		"Content-Security-Policy": {"sandbox allow-same-origin allow-scripts", "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"},
		"X-Content-Type-Options":  {"nosniff"},
		"X-Lines":                 {"a  X-Evil: b"},
	}
	if diff := cmp.Diff(want, header); body != "ok" || diff != "" {
		t.Errorf("the body is %q, the header (-want +got):\n%s", body, diff)
	}
}

func TestRequestsFromOutsideLeaveRoomForOtherCalls(t *testing.T) {
	t.Parallel()
	dir := install(t, "answers")
	write(t, filepath.Join(dir, "answers.yaml"), "limits: {concurrency: 4}\n")
	h := start(t, pluginhost.Config{Dir: dir})
	await(t, h, "answers", in(pluginhost.Serving))
	server := answering(t, h)
	ctx, cancel := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	defer senders.Wait()
	defer cancel()
	refused := make(chan string)
	for range 3 { // one more than half
		senders.Go(func() {
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/slow", nil)
			if err != nil {
				t.Error(err)
				return
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				return // it waited until the end of the test
			}
			defer answer.Body.Close()
			body, _ := io.ReadAll(answer.Body)
			refused <- string(body)
		})
	}
	const busy = "RATE_LIMITED The plugin answers is busy with as many calls as it takes at once. Try again in a few seconds.\n"
	if got := <-refused; got != busy {
		t.Errorf("the third request: %q, want %q", got, busy)
	}
	if got := must(t, h, "version"); got != "1.0.0" {
		t.Errorf("a query meanwhile: %s", got)
	}
}

func TestAClientThatDoesNotReadHoldsOnToNothing(t *testing.T) {
	t.Parallel()
	h, m := serving(t, "answers", pluginhost.Config{HTTPTimeout: 500 * time.Millisecond}), model(t)
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		_ = h.ServeHTTP(holding(h, m), "answers", w, r)
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("the call goes on without end")
	}
}
