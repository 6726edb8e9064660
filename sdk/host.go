package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Host is what a handler may ask of the host. It lives as long as the call
// that it came with, acts with the rights of the user who caused that call,
// and is safe for concurrent use. Refusals are an *Error.
type Host interface {
	// Get reads one record.
	Get(ctx context.Context, entity, id string) (*Record, error)
	// Find reads the records that match, page by page until q.Limit.
	Find(ctx context.Context, q Criteria) ([]*Record, error)
	// Create stores a new record of r.Entity and returns it as stored.
	Create(ctx context.Context, r *Record) (*Record, error)
	// Update stores what was changed in r.Values since r was read, and returns
	// the record as stored. It is refused with Conflict if somebody else has
	// changed the record in the meantime. For a record that was not read but
	// made with its ID, every value is a change, nil clears, and Version may be 0
	// for whatever version there is.
	Update(ctx context.Context, r *Record) (*Record, error)
	// Log writes to the host's log; args are those of slog. It never fails: what
	// cannot be sent goes to standard error, which the host logs too.
	Log(ctx context.Context, level slog.Level, message string, args ...any)
}

// Filter is a filter as in the API:
//
//	sdk.Filter{"customer": sdk.Filter{"in": ids}, "state": sdk.Filter{"ne": "closed"}}
type Filter map[string]any

// Criteria select records.
type Criteria struct {
	Entity  string
	Filter  Filter   // nil: every record
	OrderBy []string // fields; "-createdAt" is descending. Empty: by id
	Limit   int      // most records wanted; 0: all of them
}

// caller is the Host of one call.
type caller struct {
	host    pluginpb.HostClient
	context *pluginpb.CallContext
}

func (c caller) Get(ctx context.Context, entity, id string) (*Record, error) {
	answer, err := c.host.Get(ctx, &pluginpb.GetRequest{Context: c.context, Entity: entity, Id: id})
	if err != nil {
		return nil, fmt.Errorf("get %s %s from the host: %w", entity, id, err)
	}
	if answer.GetError() != nil {
		return nil, errorFromWire(answer.GetError())
	}
	return fromWire(answer.GetRecord())
}

func (c caller) Find(ctx context.Context, q Criteria) ([]*Record, error) {
	request := &pluginpb.FindRequest{Context: c.context, Entity: q.Entity}
	if q.Filter != nil {
		filter, err := pluginpb.Encode(q.Filter)
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", q.Entity, err)
		}
		request.Filter = filter
	}
	for _, field := range q.OrderBy {
		name, descending := strings.CutPrefix(field, "-")
		request.OrderBy = append(request.OrderBy, &pluginpb.OrderBy{Field: name, Descending: descending})
	}
	var found []*Record
	for {
		request.Limit = int32(max(0, q.Limit-len(found)))
		answer, err := c.host.Find(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("find %s at the host: %w", q.Entity, err)
		}
		if answer.GetError() != nil {
			return nil, errorFromWire(answer.GetError())
		}
		page, err := manyFromWire(answer.GetRecords())
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
		if request.After = answer.GetNext(); request.After == "" || q.Limit > 0 && len(found) >= q.Limit {
			return found, nil
		}
	}
}

func (c caller) Create(ctx context.Context, r *Record) (*Record, error) {
	created := *r
	created.ID, created.Version, created.received = "", 0, nil
	return c.save(ctx, &created)
}

func (c caller) Update(ctx context.Context, r *Record) (*Record, error) {
	if r.ID == "" {
		return nil, fmt.Errorf("update %s: the record has no id; use Create for a new one", r.Entity)
	}
	return c.save(ctx, r)
}

func (c caller) save(ctx context.Context, r *Record) (*Record, error) {
	patch, err := r.patch()
	if err != nil {
		return nil, fmt.Errorf("save %s: %w", r.Entity, err)
	}
	answer, err := c.host.Save(ctx, &pluginpb.SaveRequest{
		Context: c.context, Entity: r.Entity, Id: r.ID, IfVersion: r.Version, Patch: patch,
	})
	if err != nil {
		return nil, fmt.Errorf("save %s at the host: %w", r.Entity, err)
	}
	if answer.GetError() != nil {
		return nil, errorFromWire(answer.GetError())
	}
	return fromWire(answer.GetRecord())
}

func (c caller) Log(ctx context.Context, level slog.Level, message string, args ...any) {
	request := &pluginpb.LogRequest{Context: c.context, Level: int32(level), Message: message, Attributes: attributes(args)}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if _, err := c.host.Log(ctx, request); err != nil {
		slog.Log(ctx, level, message, args...)
	}
}

// attributes lets slog sort out the pairs, and keeps what JSON can say.
func attributes(args []any) []byte {
	if len(args) == 0 {
		return nil
	}
	var record slog.Record
	record.Add(args...)
	pairs := map[string]any{}
	record.Attrs(func(a slog.Attr) bool {
		value := a.Value.Resolve().Any()
		if err, isError := value.(error); isError {
			value = err.Error()
		}
		if _, err := json.Marshal(value); err != nil {
			value = fmt.Sprint(value)
		}
		pairs[a.Key] = value
		return true
	})
	encoded, err := pluginpb.Encode(pairs)
	if err != nil {
		return nil
	}
	return encoded
}
