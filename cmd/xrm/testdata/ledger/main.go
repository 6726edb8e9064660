// Ledger keeps one entry for each event of a product. An entry is early when it
// comes before that of the version before.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/sdk"
)

//go:embed entities
var entities embed.FS

func main() {
	sdk.Serve(sdk.Plugin{
		Name: "ledger", Version: "1.0.0", Entities: entities,
		Events: []sdk.Subscription{sdk.On("product.*", enter)},
	})
}

func enter(ctx context.Context, host sdk.Host, e *sdk.Event) error {
	earlier := fmt.Sprintf("%s/%d", e.Key, e.Sequence-1)
	before, err := host.Find(ctx, sdk.Criteria{Entity: "ledgerEntry", Filter: sdk.Filter{"event": sdk.Filter{"eq": earlier}}})
	if err != nil {
		return err
	}
	for _, c := range e.Changes {
		if c.Path == "name" && c.To == "Poison" {
			return poisoned(ctx, host, e)
		}
	}
	_, err = host.Upsert(ctx, &sdk.Record{Entity: "ledgerEntry", Values: map[string]any{
		"event": e.ID, "product": e.RecordID, "sequence": e.Sequence, "action": e.Action, "early": len(before) == 0 && e.Sequence > 1,
	}}, "event")
	return err
}

// poisoned gives an event up unless the product has been given another name.
func poisoned(ctx context.Context, host sdk.Host, e *sdk.Event) error {
	product, err := host.Get(ctx, "product", e.RecordID)
	if err != nil {
		return err
	}
	if product.Text("name") == "Poison" {
		return sdk.DeadLetter(errors.New("nobody eats poison"))
	}
	_, err = host.Upsert(ctx, &sdk.Record{Entity: "ledgerEntry", Values: map[string]any{"event": e.ID, "product": e.RecordID, "sequence": e.Sequence, "action": "mended"}}, "event")
	return err
}
