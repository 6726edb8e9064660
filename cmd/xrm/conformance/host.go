package conformance

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/mailing"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// host answers callbacks out of its memory. It refuses what no host understands, as
// all of them do, and takes everything else: whether it may be done is not the
// plugin's business.
type host struct {
	pluginpb.UnimplementedHostServer
	plugin string // its name

	mu       sync.Mutex
	model    *schema.Model
	mails    []mailing.File
	complete bool            // the model has the entities of the plugin, and mails its templates
	calls    map[string]span // by token
	asked    int             // callbacks within a call, Log not counted
	improper []string        // callbacks with a token that is not that of a running call
	faults   []error         // callbacks that ask for what no entity has
	hold     *hold           // keeps callbacks waiting; nil: nothing does
	records  map[string]*pluginpb.Record
	state    map[string]*pluginpb.GetStateResponse
	batches  map[string]madeBatch      // by key
	files    map[string]*pluginpb.File // that were uploaded, by id
	topics   []string                  // that were listened to
	keys     []string                  // of the batches that were asked for
}

func newHost(plugin string, m *schema.Model) *host {
	return &host{plugin: plugin, model: m, calls: map[string]span{}, records: map[string]*pluginpb.Record{}, state: map[string]*pluginpb.GetStateResponse{}, batches: map[string]madeBatch{}, files: map[string]*pluginpb.File{}}
}

// span is a call. Of one that was canceled a callback may be on its way still, which the
// plugin has sent before it knew.
type span struct {
	over     bool
	canceled time.Time // zero for one that was not
}

// onItsWay is how long such a callback may take.
const onItsWay = 2 * time.Second

// begin makes the context of a call, which lasts until end. ctx is that of the call itself.
func (h *host) begin(ctx context.Context) (id *pluginpb.CallContext, end func()) {
	token := rand.Text()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[token] = span{}
	return &pluginpb.CallContext{CallId: token[:12], Token: token, Depth: 1}, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		one := span{over: true}
		if ctx.Err() != nil {
			one.canceled = time.Now()
		}
		h.calls[token] = one
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
	one, known := h.calls[id.GetToken()]
	runs := known && !one.over
	switch {
	case !known:
		h.improper = append(h.improper, what+" without the token of a call")
	case !runs && time.Since(one.canceled) < onItsWay:
	case !runs:
		h.improper = append(h.improper, what+" after its call had ended")
	default:
		h.asked++
	}
	hold := h.hold
	h.mu.Unlock()
	if !runs {
		return toWire(contract.Over())
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
	e, err := contract.Entity(h.model, name)
	if err != nil && h.complete {
		h.faults = append(h.faults, fmt.Errorf("%s: there is no entity or role %q", what, name))
	}
	return e, toWire(err)
}

// refuse is toWire for what a plugin has asked for. That it speaks of what is not
// there is its own fault, and no user's.
func (h *host) refuse(what string, err error) *pluginpb.Error {
	e := toWire(err)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range e.GetViolations() {
		if v.GetRule() == "unknown" {
			h.faults = append(h.faults, fmt.Errorf("%s: %s %s", what, v.GetField(), v.GetMessage()))
		}
	}
	return e
}

// takeFaults returns what was wrong since it was last asked.
func (h *host) takeFaults() []error {
	h.mu.Lock()
	defer h.mu.Unlock()
	faults := h.faults
	h.faults = nil
	return faults
}

// toWire returns nil for nil.
func toWire(err error) *pluginpb.Error {
	var r *schema.Refusal
	if !errors.As(err, &r) {
		return nil
	}
	e := &pluginpb.Error{Code: string(r.Code), Message: r.Message}
	for _, v := range r.Violations {
		e.Violations = append(e.Violations, &pluginpb.Violation{Field: v.Field, Rule: v.Rule, Message: v.Message})
	}
	return e
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

// Find implements pluginpb.HostServer.
func (h *host) Find(ctx context.Context, r *pluginpb.FindRequest) (*pluginpb.FindResponse, error) {
	e, refused := h.entity(ctx, "Find", r.GetContext(), r.GetEntity())
	if refused != nil {
		return &pluginpb.FindResponse{Error: refused}, nil
	}
	q, err := contract.ReadSearch(h.model, e, r, contract.MaxPage)
	if err != nil {
		return &pluginpb.FindResponse{Error: h.refuse("Find "+e.Name, err)}, nil
	}
	by := schema.StandardCollation()
	position := func(r *pluginpb.Record) []any { return schema.Position(q.OrderBy, at(e, r)) }
	answer := &pluginpb.FindResponse{}
	for _, found := range h.all(e) {
		if values := storedValues(e, found); q.Filter.Match(values) && e.Found(values, q.Words) && (q.After == nil || schema.ComparePositions(by, q.OrderBy, position(found), q.After) > 0) {
			answer.Records = append(answer.Records, found)
		}
	}
	slices.SortFunc(answer.Records, func(a, b *pluginpb.Record) int {
		return schema.ComparePositions(by, q.OrderBy, position(a), position(b))
	})
	if len(answer.Records) > q.Limit {
		answer.Records = answer.Records[:q.Limit]
		answer.Next = q.Next(at(e, answer.Records[q.Limit-1]))
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

// storedValues are those of a record where its entity stores them, with its id and
// version: what a filter looks at.
func storedValues(e *schema.Entity, r *pluginpb.Record) map[string]any {
	values, err := pluginpb.Decode(r.GetValues())
	if err != nil {
		values = nil // what the plugin made of it is no record
	}
	stored := map[string]any{"id": r.GetId(), "version": r.GetVersion()}
	for path, value := range contract.Stored(e, values) {
		if value != nil {
			schema.Put(stored, path, value)
		}
	}
	return stored
}

// at looks into a record by storage path.
func at(e *schema.Entity, r *pluginpb.Record) func(path string) any {
	values := storedValues(e, r)
	return func(path string) any { return schema.Lookup(values, path) }
}
