package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"golang.org/x/net/http/httpguts"
	"google.golang.org/grpc"
)

type fetchStream = grpc.BidiStreamingServer[pluginpb.HTTPRequest, pluginpb.HTTPResponse]

// Fetch sends a request and passes the answer on while it comes.
func (c *callbacks) Fetch(stream fetchStream) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	head := first.GetHead()
	refused := c.outside(stream.Context(), head.GetContext(), func(ctx context.Context, t *trip) error {
		body := httpwire.Received(ctx, stream)
		defer body.End()
		r, err := fetched(ctx, head, body)
		if err != nil {
			return err
		}
		if t.to, err = t.allowed.To(r.URL); err != nil {
			return err
		}
		answer, err := t.ways().http.RoundTrip(r)
		if err != nil {
			return t.unreached(ctx, err)
		}
		defer answer.Body.Close()
		return passOn(ctx, stream, answer, func(err error) error { return t.unreached(ctx, err) })
	})
	if refused == nil {
		return nil
	}
	return sendLast(stream, &pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Error{Error: refused}})
}

// fetched reads the head of a request, without what is between the plugin and us.
func fetched(ctx context.Context, head *pluginpb.HTTPRequestHead, body *httpwire.Body) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, head.GetMethod(), head.GetTarget(), nil)
	if err != nil {
		return nil, &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The request %q %q is none: send a method and an address such as https://api.example.com/v1.", head.GetMethod(), head.GetTarget())}
	}
	r.ContentLength = -1
	for _, h := range head.GetHeaders() {
		name := http.CanonicalHeaderKey(h.GetName())
		switch {
		case !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(h.GetValue()):
			return nil, &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The header %q of the request to %s has characters that no header may have.", h.GetName(), r.URL.Host)}
		case slices.Contains(httpwire.HopByHop, name), name == "Host": // the host is the one that was approved
		case name == "Content-Length":
			if n, err := strconv.ParseInt(h.GetValue(), 10, 64); err == nil && n >= 0 {
				r.ContentLength = n
			}
		default:
			r.Header.Add(name, h.GetValue())
		}
	}
	switch err := body.Fill(); {
	case errors.Is(err, io.EOF):
		r.ContentLength = 0
	case errors.Is(err, httpwire.ErrLong):
		return nil, &core.Error{Code: core.Invalid, Message: "The request cannot be sent: " + err.Error() + "."}
	case err != nil:
		return nil, err
	default:
		r.Body = body
	}
	return r, nil
}

// passOn sends an answer part by part, as it comes; broken says what it is that it
// broke off.
func passOn(ctx context.Context, stream fetchStream, answer *http.Response, broken func(error) error) error {
	head := &pluginpb.HTTPResponseHead{Status: int32(answer.StatusCode), Headers: httpwire.Headers(answer.Header)}
	if err := send(ctx, stream, &pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Head{Head: head}}); err != nil {
		return err
	}
	err := httpwire.Send(answer.Body, func(part []byte) error {
		return send(ctx, stream, &pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Body{Body: part}})
	})
	if err != nil {
		return broken(err)
	}
	return nil
}
