package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// maxPart is how much of a body goes into one message.
const maxPart = 64 << 10

// ServeHTTP hands a request to the endpoint of a plugin and writes what it
// answers, while it is being answered. The path of the request is the one below
// /plugins/NAME. Its error is for whoever has sent the request, and only
// returned before anything was written.
func (h *Host) ServeHTTP(m *schema.Model, plugin string, w http.ResponseWriter, r *http.Request) error {
	e := h.board.find(plugin)
	fits := func(e Endpoint) bool { return e.Fits(r.Method, r.URL.Path) }
	if e.contribution == nil || !slices.ContainsFunc(e.contribution.Endpoints, fits) {
		return &core.Error{Code: core.NotFound, Message: "There is no such address."}
	}
	one := &call{plugin: plugin, method: "http", actor: core.PluginActor(plugin), model: m, mayWrite: true}
	// Otherwise net/http reads the rest of the body itself before the answer begins.
	_ = http.NewResponseController(w).EnableFullDuplex()
	answer := &httpAnswer{to: w}
	err := h.ask(r.Context(), one, h.config.HTTPTimeout, func(ctx context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext) error {
		ctx, abort := context.WithCancelCause(ctx)
		defer abort(nil)
		stream, err := client.ServeHTTP(ctx)
		if err != nil {
			return err
		}
		if err := stream.Send(&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Head{Head: requestHead(id, r)}}); err != nil {
			return answer.read(stream) // the plugin's reason
		}
		go sendBody(stream, r.Body, abort) // ends with the stream at the latest
		err = answer.read(stream)
		var broken *core.Error
		if err != nil && errors.As(context.Cause(ctx), &broken) {
			return broken
		}
		return err
	})
	if err != nil && answer.begun {
		panic(http.ErrAbortHandler) // the client must not take the half for the whole
	}
	return err
}

// requestHead leaves out what is between the client and us.
func requestHead(id *pluginpb.CallContext, r *http.Request) *pluginpb.HTTPRequestHead {
	head := &pluginpb.HTTPRequestHead{
		Context: id, Method: r.Method, Target: r.URL.RequestURI(), Host: r.Host, RemoteAddress: r.RemoteAddr,
	}
	for name, values := range r.Header {
		if slices.Contains(hopByHop, name) {
			continue
		}
		for _, value := range values {
			head.Headers = append(head.Headers, &pluginpb.HTTPHeader{Name: name, Value: value})
		}
	}
	return head
}

// hopByHop are the headers of a single connection: RFC 9110, section 7.6.1.
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// sendBody passes the body on as it comes. The stream of one that breaks off is
// aborted: the plugin must not take the half for the whole.
func sendBody(stream grpc.BidiStreamingClient[pluginpb.HTTPRequest, pluginpb.HTTPResponse], body io.Reader, abort func(error)) {
	buffer := make([]byte, maxPart)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			part := &pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Body{Body: slices.Clone(buffer[:n])}}
			if stream.Send(part) != nil {
				return
			}
		}
		if errors.Is(err, io.EOF) {
			_ = stream.CloseSend()
			return
		}
		if err != nil {
			abort(brokenBody(err))
			return
		}
	}
}

func brokenBody(err error) error {
	message := "The request broke off before its end."
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		message = fmt.Sprintf("The request is too large: its body may have %d bytes.", large.Limit)
	}
	return &core.Error{Code: core.Invalid, Message: message, Cause: err}
}

// httpAnswer writes what a plugin answers.
type httpAnswer struct {
	to    http.ResponseWriter
	begun bool
}

func (a *httpAnswer) read(stream grpc.BidiStreamingClient[pluginpb.HTTPRequest, pluginpb.HTTPResponse]) error {
	flush := http.NewResponseController(a.to).Flush
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) && a.begun {
			return nil
		}
		if err != nil {
			return err
		}
		switch part := part.GetPart().(type) {
		case *pluginpb.HTTPResponse_Head:
			err = a.begin(part.Head)
		case *pluginpb.HTTPResponse_Body:
			_, err = a.to.Write(part.Body)
		}
		if err == nil {
			err = flush()
		}
		if err != nil {
			return err
		}
	}
}

func (a *httpAnswer) begin(head *pluginpb.HTTPResponseHead) error {
	status := int(head.GetStatus())
	if a.begun || status < 200 || status > 599 {
		return errors.New("it answered a request with a head that is none")
	}
	for _, h := range head.GetHeaders() {
		if !slices.Contains(hopByHop, http.CanonicalHeaderKey(h.GetName())) {
			a.to.Header().Add(h.GetName(), h.GetValue())
		}
	}
	a.begun = true
	a.to.WriteHeader(status)
	return nil
}
