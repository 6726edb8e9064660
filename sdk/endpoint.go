package sdk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// HTTPFunc answers one request. The body is as it was sent, byte by byte, so
// that signatures can be checked, and what is written goes out at once. Who has
// sent the request is not known; host acts for the plugin. A browser shows an
// answer in an origin of its own (Content-Security-Policy: sandbox), so scripts have
// no cookies or storage and shares nothing with the API. An API key of xrm in
// the request does not arrive.
type HTTPFunc func(host Host, w http.ResponseWriter, r *http.Request)

// Endpoint is a kind of HTTP request that the plugin answers. It is made by
// HTTP.
type Endpoint struct {
	method string
	path   string
	doc    string
	answer HTTPFunc
}

// HTTP answers requests to a path below /plugins/NAME, without an API key: a
// webhook has to prove by itself who sends it. The pattern is a method and a
// path: "POST /erp", or, for everything below, "/hooks/". The path of r.URL is
// the one below /plugins/NAME.
func HTTP(pattern string, answer HTTPFunc) Endpoint {
	method, path, both := strings.Cut(pattern, " ")
	if !both {
		method, path = "", pattern
	}
	return Endpoint{method: method, path: path, answer: answer}
}

// Doc describes the endpoint to admins.
func (e Endpoint) Doc(text string) Endpoint {
	e.doc = text
	return e
}

// fits says whether this endpoint answers a request.
func (e Endpoint) fits(r *http.Request) bool {
	return naming.EndpointFits(e.method, e.path, r.Method, r.URL.Path)
}

func (s *server) ServeHTTP(stream grpc.BidiStreamingServer[pluginpb.HTTPRequest, pluginpb.HTTPResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	head := first.GetHead()
	if head == nil {
		return status.Error(codes.InvalidArgument, "a request begins with its head")
	}
	request, err := newRequest(stream.Context(), head, httpwire.Received(stream.Context(), stream))
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	w := &responseWriter{stream: stream, header: http.Header{}}
	failed := s.run(head.GetContext(), "answer "+head.GetMethod()+" "+head.GetTarget(), func(host Host) error {
		if strings.HasPrefix(request.URL.Path, pagesPath) {
			s.servePage(w, request.URL.Path)
			return nil
		}
		for _, e := range s.plugin.Endpoints {
			if e.fits(request) {
				e.answer(host, w, request)
				return nil
			}
		}
		http.NotFound(w, request)
		return nil
	})
	if failed != nil {
		return status.Error(codes.Internal, failed.GetCause()+"\n"+failed.GetStack())
	}
	return w.finish()
}

func newRequest(ctx context.Context, head *pluginpb.HTTPRequestHead, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, head.GetMethod(), head.GetTarget(), body)
	if err != nil {
		return nil, fmt.Errorf("read a request: %w", err)
	}
	for _, h := range head.GetHeaders() {
		r.Header.Add(h.GetName(), h.GetValue())
	}
	r.Host, r.RemoteAddr, r.RequestURI = head.GetHost(), head.GetRemoteAddress(), head.GetTarget()
	if r.ContentLength, err = strconv.ParseInt(r.Header.Get("Content-Length"), 10, 64); err != nil {
		r.ContentLength = -1 // not known, as in net/http
	}
	return r, nil
}

// responseWriter sends the head with the first byte, and the body in parts.
type responseWriter struct {
	stream grpc.BidiStreamingServer[pluginpb.HTTPRequest, pluginpb.HTTPResponse]
	header http.Header
	status int
	err    error
	buffer *bufio.Writer
}

var _ http.Flusher = (*responseWriter)(nil)

func (w *responseWriter) Header() http.Header { return w.header }

func (w *responseWriter) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	head := &pluginpb.HTTPResponseHead{Status: int32(status), Headers: httpwire.Headers(w.header)}
	w.err = w.stream.Send(&pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Head{Head: head}})
	w.buffer = bufio.NewWriterSize(parts{w.stream}, pluginpb.MaxPart)
}

func (w *responseWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.err != nil {
		return 0, w.err
	}
	return w.buffer.Write(p)
}

// Flush sends what has been written.
func (w *responseWriter) Flush() {
	w.WriteHeader(http.StatusOK)
	w.err = errors.Join(w.err, w.buffer.Flush())
}

func (w *responseWriter) finish() error {
	w.Flush()
	return w.err
}

// parts sends what is written to it in messages of the size that the protocol
// allows.
type parts struct {
	stream grpc.BidiStreamingServer[pluginpb.HTTPRequest, pluginpb.HTTPResponse]
}

func (p parts) Write(b []byte) (int, error) {
	for sent := 0; sent < len(b); sent += pluginpb.MaxPart {
		part := b[sent:min(len(b), sent+pluginpb.MaxPart)]
		if err := p.stream.Send(&pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Body{Body: part}}); err != nil {
			return sent, err
		}
	}
	return len(b), nil
}
