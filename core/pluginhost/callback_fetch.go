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
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/sdk/contract/connection"
	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"golang.org/x/net/http/httpguts"
	"google.golang.org/grpc"
)

type fetchStream = grpc.BidiStreamingServer[pluginpb.HTTPRequest, pluginpb.HTTPResponse]

// Fetch sends a request and passes the answer on while it comes. It takes no turn
// from those who read records: it may have to wait for somebody else's server.
func (c *callbacks) Fetch(stream fetchStream) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	head := first.GetHead()
	refused := c.during(stream.Context(), head.GetContext(), func(ctx context.Context, one *call) error {
		leave, err := c.outgoing.enter(ctx, c.plugin)
		if err != nil {
			return err
		}
		defer leave()
		if err := budget.From(ctx).Take(2 * pluginpb.MaxPart); err != nil {
			return err
		}
		body := httpwire.Received(ctx, stream)
		defer body.End()
		r, err := fetched(ctx, head, body)
		if err != nil {
			return err
		}
		allowed := c.host.Terms(c.plugin).connections(c.plugin)
		to, err := allowed.To(r.URL)
		if err != nil {
			return err
		}
		answer, err := c.outgoing.send(r, to)
		if err != nil {
			return c.unreached(ctx, one, allowed, to, err)
		}
		defer answer.Body.Close()
		return passOn(ctx, stream, answer, func(err error) error { return c.unreached(ctx, one, allowed, to, err) })
	})
	if refused == nil {
		return nil
	}
	return sendLast(stream, &pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Error{Error: refused}})
}

func (t Terms) connections(plugin string) connection.Allowed {
	return connection.Allowed{Plugin: plugin, Granted: t.Needs.Connections, Site: t.Connections}
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
