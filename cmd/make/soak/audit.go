package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
)

// looseEnds is how long a house has to finish what was cut off.
const looseEnds = 3 * time.Minute

// audit holds what is stored against what was promised.
func (h *house) audit(ctx context.Context) error {
	for deadline := time.Now().Add(looseEnds); ; {
		wrong, err := h.wrong(ctx)
		if err != nil {
			return err
		}
		if len(wrong) == 0 {
			break
		}
		if time.Now().After(deadline) {
			h.faults.add("%d things are wrong in the database: %.1000s", len(wrong), strings.Join(wrong, "; "))
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Second):
		}
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(h.ledger.promises)), 50) {
		if err := h.hold(ctx, ids); err != nil {
			return err
		}
	}
	return nil
}

// hold looks at some records.
func (h *house) hold(ctx context.Context, ids []string) error {
	var fields []string
	for n, id := range ids {
		fields = append(fields, fmt.Sprintf(`r%d: %sHistory(id: %q, first: 1) { version action } `, n, h.ledger.promises[id].entity, id))
	}
	var answer map[string][]struct {
		Version int64
		Action  string
	}
	if err := h.to(h.admin).Send(ctx, client.Request{Query: "{" + strings.Join(fields, " ") + "}"}, &answer); err != nil {
		return fmt.Errorf("%s: look at what was promised: %w", h.name, err)
	}
	for n, id := range ids {
		p, entries := h.ledger.promises[id], answer[fmt.Sprintf("r%d", n)]
		switch {
		case len(entries) == 0:
			h.faults.add("the %s %s is lost", p.entity, id)
		case entries[0].Version < p.version:
			h.faults.add("the %s %s has version %d, and %d was acknowledged", p.entity, id, entries[0].Version, p.version)
		case p.ours && entries[0].Version > p.version+p.unknown:
			h.faults.add("the %s %s has version %d, and its writers made %d at most: somebody else %s it", p.entity, id, entries[0].Version, p.version+p.unknown, entries[0].Action)
		}
	}
	return nil
}

// wrong is what a check of the database finds.
func (h *house) wrong(ctx context.Context) (found []string, err error) {
	for after := any(nil); ; {
		var answer struct {
			CheckDatabase struct {
				Findings  []struct{ Kind, Entity, ID, Message string }
				EndCursor *string
			}
		}
		request := client.Request{
			Query:     "query ($after: String) { checkDatabase(after: $after, records: 1000) { findings { kind entity id message } endCursor } }",
			Variables: map[string]any{"after": after},
		}
		if err := h.to(h.admin).Send(ctx, request, &answer); err != nil {
			return nil, fmt.Errorf("%s: check the database: %w", h.name, err)
		}
		for _, f := range answer.CheckDatabase.Findings {
			if f.Kind != "UNDER_WAY" {
				found = append(found, fmt.Sprintf("%s %s: %s", f.Entity, f.ID, f.Message))
			}
		}
		if answer.CheckDatabase.EndCursor == nil {
			return found, nil
		}
		after = *answer.CheckDatabase.EndCursor
	}
}
