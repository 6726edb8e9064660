package conformance

import (
	"context"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// unreachable is what this host knows of the world: a plugin has to get along with
// that, as it has to on a bad day.
func unreachable(what string) *pluginpb.Error {
	return &pluginpb.Error{Code: "UNAVAILABLE", Message: what + " cannot be reached: there is no network in this check."}
}

// Fetch implements pluginpb.HostServer.
func (h *host) Fetch(stream grpc.BidiStreamingServer[pluginpb.HTTPRequest, pluginpb.HTTPResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	head := first.GetHead()
	refused := h.within(stream.Context(), "Fetch", head.GetContext())
	if refused == nil {
		refused = unreachable(head.GetTarget())
	}
	return stream.Send(&pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Error{Error: refused}})
}

// Call implements pluginpb.HostServer. There are no other plugins here.
func (h *host) Call(ctx context.Context, r *pluginpb.CallRequest) (*pluginpb.CallResponse, error) {
	refused := h.within(ctx, "Call "+r.GetOperation(), r.GetContext())
	if refused == nil {
		refused = &pluginpb.Error{Code: "UNAVAILABLE", Message: "The operation " + r.GetOperation() + " is not there: there is no other plugin in this check."}
	}
	return &pluginpb.CallResponse{Error: refused}, nil
}

// Dial implements pluginpb.HostServer.
func (h *host) Dial(stream grpc.BidiStreamingServer[pluginpb.DialRequest, pluginpb.DialResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	refused := h.within(stream.Context(), "Dial", first.GetTo().GetContext())
	if refused == nil {
		refused = unreachable("The connection " + first.GetTo().GetName())
	}
	return stream.Send(&pluginpb.DialResponse{Part: &pluginpb.DialResponse_Error{Error: refused}})
}
