package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"golang.org/x/net/http/httpguts"
	"google.golang.org/grpc"
)

// httpMethod is what requests are called among the calls to a plugin.
const httpMethod = "http"

// ServeHTTP hands a request to the endpoint of a plugin and writes what it
// answers, while it is being answered. The path of the request is the one below
// /plugins/NAME. Its error is for whoever has sent the request, and only
// returned before anything was written.
func (h *Host) ServeHTTP(s *snapshot.Snapshot, plugin string, w http.ResponseWriter, r *http.Request) error {
	fits := func(e snapshot.Endpoint) bool { return e.Fits(r.Method, r.URL.Path) }
	if c, found := s.Find(plugin); !found || !slices.ContainsFunc(c.Endpoints, fits) || strings.HasPrefix(r.URL.Path, pagesPath) {
		return &core.Error{Code: core.NotFound, Message: "There is no such address."}
	}
	return h.serve(s, plugin, &httpAnswer{to: w}, r)
}

func (h *Host) serve(s *snapshot.Snapshot, plugin string, answer *httpAnswer, r *http.Request) error {
	one := &call{plugin: plugin, method: httpMethod, actor: core.PluginActor(plugin), on: s.Basis, mayWrite: true}
	_, held := budget.Begin(h.config.Budget.OfPlugin(r.Context(), plugin))
	defer held.Release()
	if err := held.Take(2 * pluginpb.MaxPart); err != nil { // of the body that is passed on
		return err
	}
	answer.held = held
	connection := http.NewResponseController(answer.to)
	// Otherwise net/http reads the rest of the body itself before the answer begins.
	_ = connection.EnableFullDuplex()
	err := h.ask(r.Context(), one, h.config.HTTPTimeout, func(ctx context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext) error {
		ctx, abort := context.WithCancelCause(ctx)
		defer abort(nil)
		if deadline, ok := ctx.Deadline(); ok { // or a client that does not read would hold on to the call
			_ = connection.SetWriteDeadline(deadline) // a recorder has none
			defer func() { _ = connection.SetWriteDeadline(time.Time{}) }()
		}
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
	return &pluginpb.HTTPRequestHead{
		Context: id, Method: r.Method, Target: r.URL.RequestURI(), Host: r.Host, RemoteAddress: r.RemoteAddr, Headers: httpwire.Headers(r.Header),
	}
}

// sendBody passes the body on as it comes. The stream of one that breaks off is
// aborted: the plugin must not take the half for the whole.
func sendBody(stream grpc.BidiStreamingClient[pluginpb.HTTPRequest, pluginpb.HTTPResponse], body io.Reader, abort func(error)) {
	err := httpwire.Send(body, func(part []byte) error {
		return stream.Send(&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Body{Body: part}})
	})
	if err != nil {
		abort(brokenBody(err))
		return
	}
	_ = stream.CloseSend() // it never fails
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
	held  *budget.Request // where each part has room while it is written
	file  http.Header     // of a file of a page, whatever the plugin says; nil for an endpoint
	begun bool
}

// read passes an answer on, part by part. Not a byte leaves, and nothing is
// flushed, before begin has written the head: net/http would make up one
// without our headers.
func (a *httpAnswer) read(stream grpc.BidiStreamingClient[pluginpb.HTTPRequest, pluginpb.HTTPResponse]) error {
	flush := http.NewResponseController(a.to).Flush
	for {
		part, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && a.begun:
			return nil
		case errors.Is(err, io.EOF):
			return errors.New("it ended its answer to a request without a head")
		case err != nil:
			return err
		}
		switch part := part.GetPart().(type) {
		case *pluginpb.HTTPResponse_Head:
			err = a.begin(part.Head)
		case *pluginpb.HTTPResponse_Body:
			err = a.write(part.Body)
		default:
			continue // a part that only later versions know
		}
		if err == nil {
			err = flush()
		}
		if err != nil {
			return err
		}
	}
}

func (a *httpAnswer) write(body []byte) error {
	if !a.begun {
		return errors.New("it answered a request with a body before its head")
	}
	size := int64(len(body))
	if err := a.held.Take(size); err != nil {
		return err
	}
	defer a.held.Give(size)
	_, err := a.to.Write(body)
	return err
}

// begin writes the status and those headers that speak of this answer only. In
// the origin of the API, whose pages hold keys, an answer of a plugin is a
// stranger: what a browser shows of it runs in an origin of its own.
func (a *httpAnswer) begin(head *pluginpb.HTTPResponseHead) error {
	status := int(head.GetStatus())
	switch {
	case a.begun:
		return errors.New("it answered a request with a second head")
	case status < 200 || status > 599:
		return fmt.Errorf("it answered a request with the status %d; it may be one from 200 to 599", status)
	}
	header := a.to.Header()
	if a.file != nil {
		return a.beginFile(status)
	}
	for _, h := range head.GetHeaders() {
		switch name := http.CanonicalHeaderKey(h.GetName()); {
		case !httpguts.ValidHeaderFieldName(name): // "Trailer:..." would become one after the body
		case slices.Contains(httpwire.HopByHop, name), slices.Contains(ofTheOrigin, name), slices.Contains(ofTheProxy, name):
		case name == "Set-Cookie" && core.NamesSession(h.GetValue()): // or it would decide who somebody is
		case name == "Content-Length": // one at most, or a proxy may take another for true
			if n, err := strconv.ParseUint(h.GetValue(), 10, 63); err == nil {
				header.Set(name, strconv.FormatUint(n, 10))
			}
		default:
			header.Add(name, h.GetValue())
		}
	}
	header.Add("Content-Security-Policy", sandboxPolicy) // beside the plugin's: both hold
	header.Set("X-Content-Type-Options", "nosniff")
	a.begun = true
	a.to.WriteHeader(status)
	return nil
}

// sandboxPolicy lets a page do what it likes, but not as a page of the API:
// without allow-same-origin it reads nothing of what those keep.
const sandboxPolicy = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"

// ofTheOrigin are headers that a browser takes for a word of the whole server.
var ofTheOrigin = []string{
	"Accept-Ch", "Alt-Svc", "Clear-Site-Data", "Expect-Ct", "Nel", "Public-Key-Pins", "Report-To", "Reporting-Endpoints",
	"Service-Worker-Allowed", "Set-Login", "Strict-Transport-Security", "Use-As-Dictionary",
}

// ofTheProxy are headers that make a proxy in front of us answer with something
// else, without the headers that we add.
var ofTheProxy = []string{"X-Accel-Redirect", "X-Lighttpd-Send-File", "X-Reproxy-Url", "X-Sendfile"}
