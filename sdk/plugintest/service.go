package plugintest

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// handover is how long after the end of its lease another instance runs a service.
const handover = 2 * time.Second

// StartService has the plugin run a service, as the one instance that has its lease.
// stop ends the lease: what the service asks of its host is refused from then on, and it
// has to return within two seconds. The test fails if it does not, or has ended before.
// Without stop the lease ends with the test.
func (h *Host) StartService(name string) (stop func()) {
	h.t.Helper()
	returned := h.service(name)
	ctx, cancel := context.WithCancel(h.t.Context())
	id, end := h.begin(nil, true)
	failed := make(chan error, 1)
	go func() { failed <- h.serve(ctx, id, name) }()
	return func() {
		h.t.Helper()
		select {
		case err := <-failed:
			h.t.Errorf("the service %s has ended before it was stopped: %v", name, err)
		default:
		}
		end()
		cancel()
		select {
		case <-returned:
		case <-time.After(handover):
			h.t.Errorf("%s after the end of its context the service %s still runs, and another instance begins it; return when ctx ends", handover, name)
		}
	}
}

// RunService has the plugin run a service until that ends by itself, and returns why: the
// host begins it again after a pause.
func (h *Host) RunService(name string) error {
	h.t.Helper()
	h.service(name)
	id, end := h.begin(nil, true)
	defer end()
	return h.serve(h.t.Context(), id, name)
}

// service gets a word when the service has returned; one that there is not ends the test.
func (h *Host) service(name string) (returned chan struct{}) {
	h.t.Helper()
	h.needConfiguration()
	returned, known := h.services[name]
	if !known {
		h.t.Fatalf("the plugin has no service %q%s", name, strictyaml.Suggest(name, slices.Sorted(maps.Keys(h.services))))
	}
	return returned
}

// serve returns why a service has ended.
func (h *Host) serve(ctx context.Context, id *pluginpb.CallContext, name string) error {
	stream, err := h.plugin.RunService(ctx, &pluginpb.RunServiceRequest{Context: id, Service: name})
	for err == nil {
		var report *pluginpb.ServiceReport
		if report, err = stream.Recv(); err == nil && report.GetError() != nil {
			return h.refusal(report.GetError(), "The service "+name+" has ended")
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// elsewhere takes what a plugin that runs elsewhere says of its services. Whether one has
// returned in time is for its own SDK to see.
func (h *Host) elsewhere(services []*pluginpb.PluginService) {
	returned := make(chan struct{})
	close(returned)
	h.services = map[string]chan struct{}{}
	for _, s := range services {
		h.services[s.GetName()] = returned
	}
}

// watched are the services of a plugin, each of which tells when it has returned.
func (h *Host) watched(services map[string]sdk.ServiceFunc) map[string]sdk.ServiceFunc {
	all := maps.Clone(services)
	h.services = map[string]chan struct{}{}
	for name, run := range services {
		if run == nil {
			continue // which is refused with the rest of the plugin
		}
		returned := make(chan struct{}, 1)
		h.services[name] = returned
		all[name] = func(ctx context.Context, host sdk.Host) error {
			select {
			case <-returned: // of a run before
			default:
			}
			defer func() { returned <- struct{}{} }()
			return run(ctx, host)
		}
	}
	return all
}
