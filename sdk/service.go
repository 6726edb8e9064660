package sdk

import (
	"context"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// ServiceFunc goes on for as long as the plugin runs: a mailbox, or a line to a
// telephone system. Of all instances of xrm exactly one runs it. ctx ends when the plugin
// stops, when it was replaced or removed, or when this instance cannot be sure any more
// that no other one runs the service; return at once then: another begins two seconds
// later, and what host is asked for after that is refused. A return before the end of
// ctx, with or without an error, and a panic have it begin again, after a pause that grows.
//
// Nobody has caused the call: host acts for the plugin, which has to be granted asPlugin.
type ServiceFunc func(ctx context.Context, host Host) error

// errReturned is told of a service that nobody has asked to end.
var errReturned = errors.New("the service returned by itself; go on until ctx ends")

func (s *server) RunService(r *pluginpb.RunServiceRequest, stream grpc.ServerStreamingServer[pluginpb.ServiceReport]) error {
	ctx := stream.Context()
	failed := s.run(r.GetContext(), "run the service "+r.GetService(), func(host Host) error {
		run, known := s.plugin.Services[r.GetService()]
		if !known {
			return fmt.Errorf("there is no service %s", r.GetService())
		}
		err := run(ctx, host)
		if err == nil && ctx.Err() == nil {
			err = errReturned
		}
		return err
	})
	if failed == nil || ctx.Err() != nil {
		return nil
	}
	return stream.Send(&pluginpb.ServiceReport{Error: failed})
}
