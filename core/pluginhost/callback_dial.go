package pluginhost

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

type dialStream = grpc.BidiStreamingServer[pluginpb.DialRequest, pluginpb.DialResponse]

// Dial opens a connection and carries it until one side closes it or the call ends.
func (c *callbacks) Dial(stream dialStream) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	refused := c.outside(stream.Context(), first.GetTo().GetContext(), func(ctx context.Context, t *trip) (err error) {
		if t.to, err = t.allowed.Named(first.GetTo().GetName()); err != nil {
			return err
		}
		conn, err := t.ways().DialContext(ctx, "tcp", t.to.Address)
		if err != nil {
			return t.unreached(ctx, err)
		}
		var left atomic.Bool // by the plugin, and what it has written is on its way
		defer func() {
			if left.Load() {
				go lingering(conn)
			} else {
				_ = conn.Close()
			}
		}()
		defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
		opened := &pluginpb.DialResponse{Part: &pluginpb.DialResponse_Opened{Opened: &pluginpb.DialOpened{Address: t.to.Address}}}
		if err := send(ctx, stream, opened); err != nil {
			return err
		}
		go upstream(stream, conn, &left)
		if err := downstream(ctx, stream, conn); err != nil && !left.Load() && ctx.Err() == nil {
			return t.unreached(ctx, err)
		}
		return nil
	})
	if refused == nil {
		return nil
	}
	return sendLast(stream, &pluginpb.DialResponse{Part: &pluginpb.DialResponse_Error{Error: refused}})
}

// lingering closes a connection once the other side has heard the last word. Closed with
// something unread, it would take that word back: RFC 1122, section 4.2.2.13.
func lingering(conn net.Conn) {
	const linger = 2 * time.Second
	_ = conn.SetReadDeadline(time.Now().Add(linger))
	_, _ = io.Copy(io.Discard, conn)
	_ = conn.Close()
}

// upstream writes what the plugin sends, until it closes its side, and ends downstream.
func upstream(stream dialStream, conn net.Conn, left *atomic.Bool) {
	defer func() { _ = conn.SetReadDeadline(time.Now()) }()
	for {
		part, err := stream.Recv()
		if half, is := conn.(*net.TCPConn); is && errors.Is(err, io.EOF) {
			left.Store(half.CloseWrite() == nil)
			return
		}
		if err != nil || len(part.GetData()) > pluginpb.MaxPart {
			return
		}
		if _, err := conn.Write(part.GetData()); err != nil {
			return
		}
	}
}

// downstream passes on what is received, until the other side closes its own.
func downstream(ctx context.Context, stream dialStream, conn net.Conn) error {
	err := httpwire.Send(conn, func(part []byte) error {
		return send(ctx, stream, &pluginpb.DialResponse{Part: &pluginpb.DialResponse_Data{Data: part}})
	})
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
