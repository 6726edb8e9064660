package plugintest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract/connection"
	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// Site has a handler answer what the plugin sends to an origin, "https://api.example.com",
// with Host.HTTP. Nothing leaves the test. The manifest beside the test has to have the
// host, as on a server.
func (h *Host) Site(origin string, answer http.Handler) {
	h.t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		h.t.Fatal(err)
	}
	address, err := connection.Of(u)
	if err != nil {
		h.t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sites[address.String()] = answer
}

// Line has serve be the other end of the connection that the plugin opens by a name
// with Host.Dial. It runs for each connection, which is closed when it returns.
func (h *Host) Line(name string, serve func(net.Conn)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines[name] = serve
}

func (c *callbacks) Fetch(stream grpc.BidiStreamingServer[pluginpb.HTTPRequest, pluginpb.HTTPResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	answer, err := c.fetch(stream.Context(), first.GetHead(), httpwire.Received(stream.Context(), stream))
	if err != nil {
		return stream.Send(&pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Error{Error: toWire(err)}})
	}
	head := &pluginpb.HTTPResponseHead{Status: int32(answer.Code), Headers: httpwire.Headers(answer.Header())}
	if err := stream.Send(&pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Head{Head: head}}); err != nil {
		return err
	}
	return httpwire.Send(answer.Body, func(part []byte) error {
		return stream.Send(&pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Body{Body: part}})
	})
}

func (c *callbacks) fetch(ctx context.Context, head *pluginpb.HTTPRequestHead, body *httpwire.Body) (*httptest.ResponseRecorder, error) {
	if _, err := c.within(head.GetContext()); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, head.GetMethod(), head.GetTarget(), body)
	if err != nil {
		return nil, &sdk.Error{Code: sdk.CodeInvalid, Message: err.Error()}
	}
	for _, line := range head.GetHeaders() {
		r.Header.Add(line.GetName(), line.GetValue())
	}
	to, err := connection.Of(r.URL)
	if err == nil && c.connections != nil {
		_, err = c.allowed().To(r.URL)
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	site := c.sites[to.String()]
	c.mu.Unlock()
	if site == nil {
		return nil, &sdk.Error{Code: sdk.CodeUnavailable, Message: fmt.Sprintf("%s cannot be reached: the test has no Site there.", to)}
	}
	answer := httptest.NewRecorder()
	site.ServeHTTP(answer, r)
	return answer, nil
}

// allowed are the connections of the plugin. Where a site has to say the address, the
// test has said it with Line.
func (c *callbacks) allowed() connection.Allowed {
	return connection.Allowed{Plugin: c.description.GetName(), Granted: c.connections}
}

func (c *callbacks) Dial(stream grpc.BidiStreamingServer[pluginpb.DialRequest, pluginpb.DialResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	serve, address, err := c.line(first.GetTo())
	if err != nil {
		return stream.Send(&pluginpb.DialResponse{Part: &pluginpb.DialResponse_Error{Error: toWire(err)}})
	}
	if err := stream.Send(&pluginpb.DialResponse{Part: &pluginpb.DialResponse_Opened{Opened: &pluginpb.DialOpened{Address: address}}}); err != nil {
		return err
	}
	carried, other := net.Pipe()
	defer func() { _ = carried.Close() }()
	go func() {
		defer func() { _ = other.Close() }()
		serve(other)
	}()
	go func() {
		defer func() { _ = carried.Close() }()
		for {
			part, err := stream.Recv()
			if err != nil {
				return
			}
			if _, err := carried.Write(part.GetData()); err != nil {
				return
			}
		}
	}()
	_ = httpwire.Send(carried, func(part []byte) error {
		return stream.Send(&pluginpb.DialResponse{Part: &pluginpb.DialResponse_Data{Data: part}})
	})
	return nil
}

// line is what is at the other end of a connection, and the address that it has.
func (c *callbacks) line(to *pluginpb.DialTo) (serve func(net.Conn), address string, err error) {
	if _, err := c.within(to.GetContext()); err != nil {
		return nil, "", err
	}
	c.mu.Lock()
	serve = c.lines[to.GetName()]
	c.mu.Unlock()
	granted, asked := c.connections[to.GetName()]
	if c.connections != nil && (!asked || granted != connection.Site || serve == nil) {
		target, err := c.allowed().Named(to.GetName())
		if err != nil {
			return nil, "", err
		}
		address = target.Address
	}
	if serve == nil {
		return nil, "", &sdk.Error{Code: sdk.CodeUnavailable, Message: fmt.Sprintf("The connection %s cannot be reached: the test has no Line for it.", to.GetName())}
	}
	if address == "" {
		address = to.GetName() + ".test:1"
	}
	return serve, address, nil
}
