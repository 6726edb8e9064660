package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// servicesGoOn runs each service for a moment, in which it does not end by a fault of its
// own. It may refuse to go on where there is nothing of what it needs.
func servicesGoOn(ctx context.Context, b *bench) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	if len(d.GetServices()) == 0 {
		return inapplicable("the plugin has no services")
	}
	var wrong []error
	for _, s := range d.GetServices() {
		running, cancel := context.WithCancel(ctx) // a deadline would be known to the plugin, and may be over there before it is here
		time.AfterFunc(beginPatience, cancel)
		refused, err := b.call(running, l, handler{"service", s.GetName(), askService(s.GetName())})
		if running.Err() != nil {
			err = nil
		}
		cancel()
		for _, fault := range append(b.host.takeFaults(), err, itself(refused)) {
			if fault != nil {
				wrong = append(wrong, fmt.Errorf("service %s: %w", s.GetName(), fault))
			}
		}
	}
	return errors.Join(wrong...)
}

// askService follows a service until the end of ctx, or its own.
func askService(name string) func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error) {
	return func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
		stream, err := c.RunService(ctx, &pluginpb.RunServiceRequest{Context: id, Service: name})
		for err == nil {
			var report *pluginpb.ServiceReport
			if report, err = stream.Recv(); report.GetError() != nil {
				return report.GetError(), nil
			}
		}
		if errors.Is(err, io.EOF) {
			err = errors.New("it ended before it was canceled")
		}
		return nil, err
	}
}
