package conformance

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/kept"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Save implements pluginpb.HostServer.
func (h *host) Save(ctx context.Context, r *pluginpb.SaveRequest) (*pluginpb.SaveResponse, error) {
	e, refused := h.entity(ctx, "Save", r.GetContext(), r.GetEntity())
	if refused != nil {
		return &pluginpb.SaveResponse{Error: refused}, nil
	}
	before, values, err := h.save(e, r)
	if err != nil {
		return &pluginpb.SaveResponse{Error: h.refuse("Save "+e.Name, err)}, nil
	}
	return &pluginpb.SaveResponse{Record: h.keep(before, values)}, nil
}

// save returns what is to take the place of which record.
func (h *host) save(e *schema.Entity, r *pluginpb.SaveRequest) (before *pluginpb.Record, values []byte, err error) {
	w, err := contract.ReadWish(h.model, e, h.plugin, r)
	if err != nil {
		return nil, nil, err
	}
	before = h.meant(e, w)
	stored := storedValues(e, before)
	switch {
	case w.IfVersion != 0 && w.IfVersion != before.GetVersion():
		err = e.OutOfDate()
	case len(w.From) > 0:
		err = e.CheckFrom(w.From, stored)
	}
	if err == nil && w.Guard != nil {
		err = e.CheckGuard(*w.Guard, stored)
	}
	if err != nil {
		return nil, nil, err
	}
	for path, value := range w.Set {
		schema.Put(stored, path, value)
	}
	if violations := e.Add(stored, w.Add); len(violations) > 0 {
		return nil, nil, e.Unfit(violations)
	}
	if err := h.completeFiles(e, stored); err != nil {
		return nil, nil, err
	}
	for path := range w.Add {
		f, _ := e.At(path)
		if sum, err := f.Kind().Parse(f, schema.Lookup(stored, path), schema.Scope{}); err == nil {
			schema.Put(stored, path, sum)
		}
	}
	delete(stored, "id")
	delete(stored, "version")
	return before, encode(contract.Shown(e, stored)), nil
}

// meant is the record that a wish is about, or a new one.
func (h *host) meant(e *schema.Entity, w contract.Wish) *pluginpb.Record {
	if w.ID != "" {
		return h.record(e, w.ID)
	}
	for _, found := range h.all(e) {
		if w.By != nil && reflect.DeepEqual(at(e, found)(w.By.StoragePath()), w.Set[w.By.StoragePath()]) {
			return found
		}
	}
	return &pluginpb.Record{Entity: e.Name, CreatedAt: sampleTime, UpdatedAt: sampleTime}
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
	e, refused := h.entity(ctx, "Aggregate", r.GetContext(), r.GetEntity())
	if refused != nil {
		return &pluginpb.AggregateResponse{Error: refused}, nil
	}
	_, asked, err := contract.ReadGrouping(h.model, e, r)
	if err == nil {
		_, err = asked.Complete(e)
	}
	return &pluginpb.AggregateResponse{Error: h.refuse("Aggregate "+e.Name, err)}, nil
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
	err := kept.Check(r.GetKey(), r.GetValue())
	if err == nil && r.GetIfVersion() != kept.AnyVersion && r.GetIfVersion() != version {
		err = kept.Changed(r.GetKey())
	}
	if err != nil {
		return &pluginpb.PutStateResponse{Error: toWire(err)}, nil
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
	if r.GetIfVersion() != kept.AnyVersion && r.GetIfVersion() != h.state[r.GetKey()].GetVersion() {
		return &pluginpb.DeleteStateResponse{Error: toWire(kept.Changed(r.GetKey()))}, nil
	}
	delete(h.state, r.GetKey())
	return &pluginpb.DeleteStateResponse{}, nil
}
