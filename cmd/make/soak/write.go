package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
)

// told is a word in every value that a stranger may not see.
const told = "CONFIDENTIAL"

// write creates and changes records and merges parties, until ctx is done, and
// notes what is acknowledged. A server that is away is no fault.
func (h *house) write(ctx context.Context, name string) {
	for n := 0; ctx.Err() == nil; n++ {
		time.Sleep(breath)
		w := writing{h, ctx}
		party := w.create("party", "Party", map[string]any{"kind": "person", "displayName": told + " " + name}, true)
		region := "AB"[n%2 : n%2+1]
		title := fmt.Sprintf("%s %d", name, n)
		if region == "B" {
			title = told + " " + title
		}
		deal := w.create("deal", "Deal", map[string]any{
			"title": title, "region": region, "amount": map[string]any{"amount": "12.50", "currency": "EUR"},
			"zq7Note": told + " note", "zq7Rank": n % 7, "customer": orNil(party),
		}, region == "B")
		w.create("zq7Vault", "Zq7Vault", map[string]any{"code": fmt.Sprintf("%s %s/%d", told, name, n), "deal": orNil(deal)}, true)
		if deal != "" {
			for change := range 3 {
				w.change("deal", "Deal", deal, map[string]any{"zq7Rank": 10 + change, "zq7Note": fmt.Sprintf("%s note %d", told, change)}, region == "B")
			}
		}
		if n%5 == 0 && party != "" {
			w.merge(party, w.create("party", "Party", map[string]any{"kind": "person", "displayName": told + " twin of " + name}, true))
		}
	}
}

func orNil(id string) any {
	if id == "" {
		return nil
	}
	return id
}

// writing is one round of a writer.
type writing struct {
	*house
	ctx context.Context
}

type saved struct {
	Saved struct {
		Record struct {
			ID      string
			Version int64
		}
	}
}

// create returns the id, or "" when it is not known whether there is such a record.
func (w writing) create(entity, typ string, data map[string]any, ours bool) string {
	var answer saved
	err := w.to(w.admin).Send(w.ctx, client.Request{
		Query:     fmt.Sprintf("mutation ($data: %sInput!) { saved: create%s(data: $data) { record: %s { id version } } }", typ, typ, entity),
		Variables: map[string]any{"data": data},
	}, &answer)
	if !w.allRight(err) {
		return ""
	}
	w.ledger.acknowledged(entity, answer.Saved.Record.ID, answer.Saved.Record.Version, ours)
	return answer.Saved.Record.ID
}

func (w writing) change(entity, typ, id string, data map[string]any, ours bool) {
	var answer saved
	err := w.to(w.admin).Send(w.ctx, client.Request{
		Query:     fmt.Sprintf("mutation ($id: ID!, $data: %sInput!) { saved: update%s(id: $id, data: $data) { record: %s { id version } } }", typ, typ, entity),
		Variables: map[string]any{"id": id, "data": data},
	}, &answer)
	if !w.allRight(err) {
		w.ledger.unknown(id)
		return
	}
	w.ledger.acknowledged(entity, id, answer.Saved.Record.Version, ours)
}

// merge makes the second party one with the first. Both are changed by that, how
// often is the server's own matter.
func (w writing) merge(into, from string) {
	if from == "" {
		return
	}
	for range 3 {
		w.ledger.unknown(into)
		w.ledger.unknown(from)
	}
	w.allRight(w.to(w.admin).Send(w.ctx, client.Request{
		Query:     "mutation ($from: ID!, $into: ID!) { mergeParties(from: $from, into: $into) { outcome } }",
		Variables: map[string]any{"from": from, "into": into},
	}, &struct{}{}))
}

// allRight says whether a request succeeded. One that failed for a reason that a
// kill does not excuse is a fault.
func (w writing) allRight(err error) bool {
	var answer client.Errors
	if errors.As(err, &answer) && !answer.Temporary() && w.ctx.Err() == nil {
		w.faults.add("a writer was refused: %v", err)
	}
	return err == nil
}
