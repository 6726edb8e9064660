package conformance

import (
	"context"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// madeBatch is what came of a batch.
type madeBatch struct {
	asked   string
	records []*pluginpb.Record
}

// Batch implements pluginpb.HostServer. A batch whose key was used before changes nothing,
// so that what is handled twice is seen to be done once.
func (h *host) Batch(ctx context.Context, r *pluginpb.BatchRequest) (*pluginpb.BatchResponse, error) {
	if refused := h.within(ctx, "Batch", r.GetContext()); refused != nil {
		return &pluginpb.BatchResponse{Error: refused}, nil
	}
	h.mu.Lock()
	h.keys = append(h.keys, r.GetKey())
	h.mu.Unlock()
	records, err := h.batch(r)
	return &pluginpb.BatchResponse{Records: records, Error: h.refuse("Batch", err)}, nil
}

func (h *host) batch(r *pluginpb.BatchRequest) ([]*pluginpb.Record, error) {
	if err := schema.CheckBatch(r.GetKey(), len(r.GetWrites())); err != nil {
		return nil, err
	}
	h.mu.Lock()
	made, known := h.batches[r.GetKey()]
	h.mu.Unlock()
	asked := contract.Asked(r.GetWrites())
	switch {
	case !known || r.GetKey() == "":
	case made.asked != asked:
		return nil, schema.OtherRequest(r.GetKey())
	default:
		return made.records, nil
	}
	befores, values := make([]*pluginpb.Record, len(r.GetWrites())), make([][]byte, len(r.GetWrites()))
	seen := map[string]int{}
	for i, w := range r.GetWrites() {
		e, err := contract.Entity(h.model, w.GetEntity())
		if err == nil {
			befores[i], values[i], err = h.save(e, w)
		}
		if id := befores[i].GetId(); err == nil && id != "" {
			first, twice := seen[id]
			if twice {
				err = e.Twice(id, first, i)
			}
			seen[id] = i
		}
		if err != nil {
			return nil, contract.InBatch(w, i, err)
		}
	}
	records := make([]*pluginpb.Record, len(befores))
	for i, before := range befores {
		records[i] = h.keep(before, values[i])
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.batches[r.GetKey()] = madeBatch{asked, records}
	return records, nil
}

// takeBatchKeys are those of the batches that were asked for since.
func (h *host) takeBatchKeys() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := h.keys
	h.keys = nil
	return keys
}
