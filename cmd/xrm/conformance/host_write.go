package conformance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Save implements pluginpb.HostServer.
func (h *host) Save(ctx context.Context, r *pluginpb.SaveRequest) (*pluginpb.SaveResponse, error) {
	e, refused := h.entity(ctx, "Save", r.GetContext(), r.GetEntity())
	if refused != nil {
		return &pluginpb.SaveResponse{Error: refused}, nil
	}
	patch, err := pluginpb.Decode(r.GetPatch())
	if err != nil {
		return &pluginpb.SaveResponse{Error: &pluginpb.Error{Code: "INVALID", Message: err.Error()}}, nil
	}
	id := r.GetId()
	if r.GetBy() != "" {
		for _, found := range h.all(e) {
			values, err := pluginpb.Decode(found.GetValues())
			if err == nil && values[r.GetBy()] == patch[r.GetBy()] {
				id = found.GetId()
			}
		}
	}
	before := &pluginpb.Record{Entity: e.Name, Id: id, CreatedAt: sampleTime, UpdatedAt: sampleTime}
	if id != "" {
		before = h.record(e, id)
	}
	filter, err := h.filter(e, r.GetGuard())
	switch {
	case err != nil:
		return &pluginpb.SaveResponse{Error: &pluginpb.Error{Code: "INVALID", Message: err.Error()}}, nil
	case r.GetIfVersion() != 0 && r.GetIfVersion() != before.GetVersion(), len(r.GetGuard()) > 0 && !matches(e, filter, before):
		return &pluginpb.SaveResponse{Error: &pluginpb.Error{Code: "CONFLICT", Message: fmt.Sprintf("The %s was changed by somebody else in the meantime.", e.Name)}}, nil
	}
	values, err := pluginpb.Decode(before.GetValues())
	if err != nil {
		return nil, err
	}
	maps.Copy(values, patch)
	maps.DeleteFunc(values, func(_ string, value any) bool { return value == nil })
	return &pluginpb.SaveResponse{Record: h.keep(before, encode(values))}, nil
}

func (h *host) keep(before *pluginpb.Record, values []byte) *pluginpb.Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	after := &pluginpb.Record{
		Entity: before.GetEntity(), Id: before.GetId(), Version: before.GetVersion() + 1, Values: values,
		CreatedAt: sampleTime, UpdatedAt: sampleTime,
	}
	if after.Id == "" {
		after.Id = sampleID(1_000_000 + len(h.records))
	}
	h.records[after.GetEntity()+"/"+after.GetId()] = after
	return after
}

// Delete implements pluginpb.HostServer.
func (h *host) Delete(ctx context.Context, r *pluginpb.DeleteRequest) (*pluginpb.DeleteResponse, error) {
	e, refused := h.entity(ctx, "Delete", r.GetContext(), r.GetEntity())
	if refused != nil {
		return &pluginpb.DeleteResponse{Error: refused}, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.records, e.Name+"/"+r.GetId())
	return &pluginpb.DeleteResponse{}, nil
}

// snapshot tells apart what was stored before and after: everything but the
// versions, which may grow without a change.
func (h *host) snapshot() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(h.records)) {
		fmt.Fprintf(&b, "%s %s\n", key, h.records[key].GetValues())
	}
	return b.String()
}

// Aggregate implements pluginpb.HostServer: there is nothing to count.
func (h *host) Aggregate(ctx context.Context, r *pluginpb.AggregateRequest) (*pluginpb.AggregateResponse, error) {
	_, refused := h.entity(ctx, "Aggregate", r.GetContext(), r.GetEntity())
	return &pluginpb.AggregateResponse{Error: refused}, nil
}

// Log implements pluginpb.HostServer. It also works outside of a call.
func (h *host) Log(context.Context, *pluginpb.LogRequest) (*pluginpb.LogResponse, error) {
	return &pluginpb.LogResponse{}, nil
}

// Publish implements pluginpb.HostServer.
func (h *host) Publish(ctx context.Context, r *pluginpb.PublishRequest) (*pluginpb.PublishResponse, error) {
	return &pluginpb.PublishResponse{Error: h.within(ctx, "Publish "+r.GetName(), r.GetContext())}, nil
}

// Schedule implements pluginpb.HostServer.
func (h *host) Schedule(ctx context.Context, r *pluginpb.ScheduleRequest) (*pluginpb.ScheduleResponse, error) {
	return &pluginpb.ScheduleResponse{Error: h.within(ctx, "Schedule "+r.GetName(), r.GetContext())}, nil
}

// Cancel implements pluginpb.HostServer.
func (h *host) Cancel(ctx context.Context, r *pluginpb.CancelRequest) (*pluginpb.CancelResponse, error) {
	return &pluginpb.CancelResponse{Error: h.within(ctx, "Cancel "+r.GetName(), r.GetContext())}, nil
}

// Secret implements pluginpb.HostServer.
func (h *host) Secret(ctx context.Context, r *pluginpb.SecretRequest) (*pluginpb.SecretResponse, error) {
	return &pluginpb.SecretResponse{Value: "secret", Error: h.within(ctx, "Secret "+r.GetName(), r.GetContext())}, nil
}

// GetState implements pluginpb.HostServer.
func (h *host) GetState(ctx context.Context, r *pluginpb.GetStateRequest) (*pluginpb.GetStateResponse, error) {
	if refused := h.within(ctx, "GetState", r.GetContext()); refused != nil {
		return &pluginpb.GetStateResponse{Error: refused}, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if kept := h.state[r.GetKey()]; kept != nil {
		return kept, nil
	}
	return &pluginpb.GetStateResponse{}, nil
}

// PutState implements pluginpb.HostServer.
func (h *host) PutState(ctx context.Context, r *pluginpb.PutStateRequest) (*pluginpb.PutStateResponse, error) {
	if refused := h.within(ctx, "PutState", r.GetContext()); refused != nil {
		return &pluginpb.PutStateResponse{Error: refused}, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	version := h.state[r.GetKey()].GetVersion()
	if r.GetIfVersion() >= 0 && r.GetIfVersion() != version {
		return &pluginpb.PutStateResponse{Error: &pluginpb.Error{Code: "CONFLICT", Message: "The value was changed in the meantime."}}, nil
	}
	h.state[r.GetKey()] = &pluginpb.GetStateResponse{Value: r.GetValue(), Version: version + 1}
	return &pluginpb.PutStateResponse{Version: version + 1}, nil
}

// DeleteState implements pluginpb.HostServer.
func (h *host) DeleteState(ctx context.Context, r *pluginpb.DeleteStateRequest) (*pluginpb.DeleteStateResponse, error) {
	if refused := h.within(ctx, "DeleteState", r.GetContext()); refused != nil {
		return &pluginpb.DeleteStateResponse{Error: refused}, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.state, r.GetKey())
	return &pluginpb.DeleteStateResponse{}, nil
}
