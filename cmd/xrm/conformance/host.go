package conformance

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// host answers callbacks out of its memory. It takes everything that fits on
// the wire: whether it may be done is not the plugin's business.
type host struct {
	pluginpb.UnimplementedHostServer

	mu       sync.Mutex
	model    *schema.Model
	calls    map[string]bool // tokens: whether the call still runs
	asked    int             // callbacks within a call, Log not counted
	improper []string        // callbacks with a token that is not that of a running call
	hold     *hold           // keeps callbacks waiting; nil: nothing does
	records  map[string]*pluginpb.Record
	state    map[string]*pluginpb.GetStateResponse
}

func newHost(m *schema.Model) *host {
	return &host{model: m, calls: map[string]bool{}, records: map[string]*pluginpb.Record{}, state: map[string]*pluginpb.GetStateResponse{}}
}

// begin makes the context of a call, which lasts until end.
func (h *host) begin() (id *pluginpb.CallContext, end func()) {
	token := rand.Text()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[token] = true
	return &pluginpb.CallContext{CallId: token[:12], Token: token, Depth: 1}, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.calls[token] = false
	}
}

// callbacks is how often the plugin has asked within a call.
func (h *host) callbacks() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

// hold keeps callbacks waiting until it is released, or until they are given
// up.
type hold struct {
	released chan struct{}
	waiting  chan struct{} // gets one for every callback that waits
	gaveUp   chan struct{} // gets one for every callback that was given up
}

// stall makes callbacks wait.
func (h *host) stall() *hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hold = &hold{released: make(chan struct{}), waiting: make(chan struct{}, 100), gaveUp: make(chan struct{}, 100)}
	return h.hold
}

// release lets callbacks go on. It may be called more than once.
func (h *host) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hold != nil {
		close(h.hold.released)
		h.hold = nil
	}
}

// within counts a callback and refuses one that belongs to no running call.
func (h *host) within(ctx context.Context, what string, id *pluginpb.CallContext) *pluginpb.Error {
	h.mu.Lock()
	runs, known := h.calls[id.GetToken()]
	switch {
	case !known:
		h.improper = append(h.improper, what+" without the token of a call")
	case !runs:
		h.improper = append(h.improper, what+" after its call had ended")
	default:
		h.asked++
	}
	hold := h.hold
	h.mu.Unlock()
	if !runs {
		return &pluginpb.Error{Code: "FORBIDDEN", Message: "The call that this belongs to has ended."}
	}
	if hold != nil {
		hold.waiting <- struct{}{}
		select {
		case <-hold.released:
		case <-ctx.Done():
			hold.gaveUp <- struct{}{}
			return &pluginpb.Error{Code: "UNAVAILABLE", Message: "The call was given up."}
		}
	}
	return nil
}

// entity also refuses what is not there.
func (h *host) entity(ctx context.Context, what string, id *pluginpb.CallContext, name string) (*schema.Entity, *pluginpb.Error) {
	if refused := h.within(ctx, what+" "+name, id); refused != nil {
		return nil, refused
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	e, err := h.model.Find(name)
	if err != nil {
		return nil, &pluginpb.Error{Code: "INVALID", Message: fmt.Sprintf("The plugin asked for an entity that is not there: %v.", err)}
	}
	return e, nil
}

// record returns the record of this id, and makes one that fits if there is
// none: every id that the plugin was given is that of a record.
func (h *host) record(e *schema.Entity, id string) *pluginpb.Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := e.Name + "/" + id
	if h.records[key] == nil {
		h.records[key] = sampleRecord(e, 1)
		h.records[key].Id = id
	}
	return h.records[key]
}

// Get implements pluginpb.HostServer.
func (h *host) Get(ctx context.Context, r *pluginpb.GetRequest) (*pluginpb.GetResponse, error) {
	e, refused := h.entity(ctx, "Get", r.GetContext(), r.GetEntity())
	if refused != nil {
		return &pluginpb.GetResponse{Error: refused}, nil
	}
	return &pluginpb.GetResponse{Record: h.record(e, r.GetId())}, nil
}

// Find implements pluginpb.HostServer. A filter that does not fit is refused.
func (h *host) Find(ctx context.Context, r *pluginpb.FindRequest) (*pluginpb.FindResponse, error) {
	e, refused := h.entity(ctx, "Find", r.GetContext(), r.GetEntity())
	if refused != nil {
		return &pluginpb.FindResponse{Error: refused}, nil
	}
	filter, err := h.filter(e, r.GetFilter())
	if err != nil {
		return &pluginpb.FindResponse{Error: &pluginpb.Error{Code: "INVALID", Message: err.Error()}}, nil
	}
	answer := &pluginpb.FindResponse{}
	for _, found := range h.all(e) {
		if matches(e, filter, found) {
			answer.Records = append(answer.Records, found)
		}
	}
	if limit := int(r.GetLimit()); limit > 0 && len(answer.Records) > limit {
		answer.Records = answer.Records[:limit]
	}
	return answer, nil
}

// Each implements pluginpb.HostServer.
func (h *host) Each(r *pluginpb.FindRequest, stream grpc.ServerStreamingServer[pluginpb.FindResponse]) error {
	page, err := h.Find(stream.Context(), r)
	if err != nil {
		return err
	}
	return stream.Send(page)
}

func (h *host) filter(e *schema.Entity, encoded []byte) (schema.Filter, error) {
	raw, err := pluginpb.Decode(encoded)
	if err != nil {
		return schema.Filter{}, err
	}
	return h.model.ParseFilter(e, raw, true)
}

// all lists the records of an entity by id.
func (h *host) all(e *schema.Entity) []*pluginpb.Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []*pluginpb.Record
	for _, r := range h.records {
		if r.GetEntity() == e.Name {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *pluginpb.Record) int { return slices.Compare([]byte(a.GetId()), []byte(b.GetId())) })
	return list
}

// matches looks at the values where their entity stores them.
func matches(e *schema.Entity, filter schema.Filter, r *pluginpb.Record) bool {
	values, err := pluginpb.Decode(r.GetValues())
	if err != nil {
		return false
	}
	stored := map[string]any{"id": r.GetId(), "version": r.GetVersion()}
	for _, f := range e.Fields {
		if value := values[f.Name]; value != nil {
			schema.Put(stored, f.StoragePath(), value)
		}
	}
	return filter.Match(stored)
}
