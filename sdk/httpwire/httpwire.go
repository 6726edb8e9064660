// Package httpwire carries HTTP requests and their answers in parts over a stream of
// the plugin protocol, whichever side asks.
package httpwire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// HopByHop are the headers of a single connection, which no stream carries: RFC 9110,
// section 7.6.1. They are canonical.
var HopByHop = []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// Headers returns the lines of a header in the order of their names, without those
// of the connection.
func Headers(header http.Header) []*pluginpb.HTTPHeader {
	var lines []*pluginpb.HTTPHeader
	for name, values := range header {
		if slices.Contains(HopByHop, http.CanonicalHeaderKey(name)) {
			continue
		}
		for _, value := range values {
			lines = append(lines, &pluginpb.HTTPHeader{Name: name, Value: text(value)})
		}
	}
	slices.SortStableFunc(lines, func(a, b *pluginpb.HTTPHeader) int { return strings.Compare(a.GetName(), b.GetName()) })
	return lines
}

// text is a value as the wire has it. One that is not in UTF-8 is in ISO 8859-1, as
// values of HTTP once were: RFC 9110, section 5.5.
func text(value string) string {
	if utf8.ValidString(value) {
		return value
	}
	runes := make([]rune, len(value))
	for i := range len(value) {
		runes[i] = rune(value[i])
	}
	return string(runes)
}

// Body reads a body that comes in parts.
type Body struct {
	Next func() ([]byte, error) // returns the next part; io.EOF at the end
	End  func()                 // nobody reads any more; nil for nothing to do
	rest []byte
}

// Fill waits until there is something to read, and returns io.EOF for an empty body.
func (b *Body) Fill() error {
	for len(b.rest) == 0 {
		var err error
		if b.rest, err = b.Next(); err != nil {
			return err
		}
	}
	return nil
}

// Read implements io.Reader.
func (b *Body) Read(p []byte) (int, error) {
	if err := b.Fill(); err != nil {
		return 0, err
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// Close implements io.Closer. Who waits in Read waits no longer.
func (b *Body) Close() error {
	if b.End != nil {
		b.End()
	}
	return nil
}

// Received is the body of a request at the side that answers.
func Received(ctx context.Context, stream grpc.BidiStreamingServer[pluginpb.HTTPRequest, pluginpb.HTTPResponse]) *Body {
	return Parts(ctx, stream.Context(), func() ([]byte, error) {
		part, err := stream.Recv()
		return part.GetBody(), err
	})
}

// Parts is what a stream brings, of which receive returns the next part. It can be read
// until ctx ends; the stream, whose own context the other is, goes on for as long as its
// other side likes.
func Parts(ctx, stream context.Context, receive func() ([]byte, error)) *Body {
	type received struct {
		part []byte
		err  error
	}
	parts := make(chan received)
	go func() {
		for {
			part, err := receive()
			if err == nil && len(part) > pluginpb.MaxPart {
				err = ErrLong
			}
			select {
			case parts <- received{part, err}:
			case <-stream.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	ctx, end := context.WithCancel(ctx)
	return &Body{End: end, Next: func() ([]byte, error) {
		select {
		case next := <-parts:
			return next.part, next.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
}

// ErrLong is the end of a body one of whose parts is longer than pluginpb.MaxPart.
var ErrLong = errors.New("a part is longer than 64 KiB")

// Send sends a body in parts, as it can be read. It returns nil when it has been sent
// or nobody takes it any more, and the error of the body when that breaks off.
func Send(body io.Reader, send func(part []byte) error) error {
	for {
		part := make([]byte, pluginpb.MaxPart)
		n, err := body.Read(part)
		if n > 0 && send(part[:n]) != nil {
			return nil
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// Asking is the side of a stream that sends a request.
type Asking = grpc.BidiStreamingClient[pluginpb.HTTPRequest, pluginpb.HTTPResponse]

// Ask sends a request, whose head is complete but for the headers, and returns when
// the head of the answer is there. The body of the answer ends the stream by end, when
// it has been read or closed; so does an error. refused is what an error in its place
// means.
func Ask(stream Asking, head *pluginpb.HTTPRequestHead, r *http.Request, end func(), refused func(*pluginpb.Error) error) (*http.Response, error) {
	go ask(stream, head, r, end)
	first, err := stream.Recv()
	if err == nil && first.GetError() != nil {
		err = refused(first.GetError())
	}
	if err != nil {
		end()
		return nil, err
	}
	body := &answered{end: end, Body: Body{Next: func() ([]byte, error) {
		part, err := stream.Recv()
		if err == nil && part.GetError() != nil {
			err = refused(part.GetError())
		}
		return part.GetBody(), err
	}}}
	status := int(first.GetHead().GetStatus())
	answer := &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: body, Request: r,
	}
	for _, line := range first.GetHead().GetHeaders() {
		answer.Header.Add(line.GetName(), line.GetValue())
	}
	if answer.ContentLength, err = strconv.ParseInt(answer.Header.Get("Content-Length"), 10, 64); err != nil {
		answer.ContentLength = -1 // not known, as in net/http
	}
	return answer, nil
}

// ask sends the head and then the body. That it cannot be sent shows on the other
// side of the stream; a body that breaks off ends the whole.
func ask(stream Asking, head *pluginpb.HTTPRequestHead, r *http.Request, end func()) {
	head.Headers = Headers(r.Header)
	if r.ContentLength > 0 && r.Header.Get("Content-Length") == "" {
		head.Headers = append(head.Headers, &pluginpb.HTTPHeader{Name: "Content-Length", Value: strconv.FormatInt(r.ContentLength, 10)})
	}
	if r.Body != nil {
		defer r.Body.Close()
	}
	if stream.Send(&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Head{Head: head}}) != nil {
		return
	}
	if r.Body != nil {
		err := Send(r.Body, func(part []byte) error {
			return stream.Send(&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Body{Body: part}})
		})
		if err != nil {
			end()
			return
		}
	}
	_ = stream.CloseSend() // it never fails
}

// answered is the body of an answer.
type answered struct {
	Body
	end func()
}

// Read implements io.Reader.
func (a *answered) Read(p []byte) (int, error) {
	n, err := a.Body.Read(p)
	if err != nil {
		a.end()
	}
	return n, err
}

// Close lets the other side know that nobody reads on.
func (a *answered) Close() error {
	a.end()
	return nil
}
