package plugintest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// HTTP sends the plugin a request, most often one of httptest.NewRequest, whose
// path is that below /plugins/NAME. It returns when the head of the answer is
// there; the bodies go on in both directions. A request that no endpoint of the
// plugin answers ends the test. Close the body of the response.
func (h *Host) HTTP(r *http.Request) *http.Response {
	h.t.Helper()
	h.needConfiguration()
	h.needEndpoint(r)
	id, end := h.begin(nil, true)
	ctx, cancel := context.WithCancel(r.Context())
	stream, err := h.plugin.ServeHTTP(ctx)
	if err != nil {
		cancel()
		h.t.Fatalf("send a request to the plugin: %v", err)
	}
	go send(stream, id, r)
	body := &responseBody{stream: stream, end: func() { cancel(); end() }}
	first, err := stream.Recv()
	if err != nil {
		body.end()
		h.t.Logf("the plugin failed to answer %s %s: %v", r.Method, r.URL.Path, err)
		return response(r, &pluginpb.HTTPResponseHead{Status: http.StatusInternalServerError}, io.NopCloser(strings.NewReader("")))
	}
	return response(r, first.GetHead(), body)
}

func response(r *http.Request, head *pluginpb.HTTPResponseHead, body io.ReadCloser) *http.Response {
	status := int(head.GetStatus())
	answer := &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, ContentLength: -1, Body: body, Request: r,
	}
	for _, line := range head.GetHeaders() {
		answer.Header.Add(line.GetName(), line.GetValue())
	}
	return answer
}

func (h *Host) needEndpoint(r *http.Request) {
	h.t.Helper()
	var known []string
	for _, e := range h.description.GetEndpoints() {
		if naming.EndpointFits(e.GetMethod(), e.GetPath(), r.Method, r.URL.Path) {
			return
		}
		known = append(known, strings.TrimSpace(e.GetMethod()+" "+e.GetPath()))
	}
	asked := r.Method + " " + r.URL.Path
	h.t.Fatalf("the plugin has no endpoint for %q%s", asked, strictyaml.Suggest(asked, known))
}

// send sends the head and then the body, part by part as it can be read.
// Errors show on the other side of the stream.
func send(stream grpc.BidiStreamingClient[pluginpb.HTTPRequest, pluginpb.HTTPResponse], id *pluginpb.CallContext, r *http.Request) {
	defer stream.CloseSend() //nolint:errcheck // it never fails
	head := &pluginpb.HTTPRequestHead{Context: id, Method: r.Method, Target: r.URL.RequestURI(), Host: r.Host, RemoteAddress: r.RemoteAddr}
	for name, values := range r.Header {
		for _, value := range values {
			head.Headers = append(head.Headers, &pluginpb.HTTPHeader{Name: name, Value: value})
		}
	}
	if r.ContentLength > 0 && r.Header.Get("Content-Length") == "" {
		head.Headers = append(head.Headers, &pluginpb.HTTPHeader{Name: "Content-Length", Value: strconv.FormatInt(r.ContentLength, 10)})
	}
	slices.SortStableFunc(head.Headers, func(a, b *pluginpb.HTTPHeader) int { return strings.Compare(a.GetName(), b.GetName()) })
	if stream.Send(&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Head{Head: head}}) != nil || r.Body == nil {
		return
	}
	defer r.Body.Close()
	for {
		part := make([]byte, pluginpb.MaxPart)
		n, err := r.Body.Read(part)
		if n > 0 && stream.Send(&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Body{Body: part[:n]}}) != nil || err != nil {
			return
		}
	}
}

// responseBody reads the parts of the body as they come.
type responseBody struct {
	stream grpc.BidiStreamingClient[pluginpb.HTTPRequest, pluginpb.HTTPResponse]
	rest   []byte
	end    func()
}

func (b *responseBody) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		part, err := b.stream.Recv()
		if err != nil {
			b.end()
			if errors.Is(err, io.EOF) {
				return 0, io.EOF
			}
			return 0, fmt.Errorf("the plugin broke off its answer: %w", err)
		}
		b.rest = part.GetBody()
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// Close lets the plugin know that nobody reads on.
func (b *responseBody) Close() error {
	b.end()
	return nil
}
