// Ledger keeps one entry for each event of a product.
package main

import (
	"context"
	"embed"
	"errors"

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
	for _, c := range e.Changes {
		if c.Path == "name" && c.To == "Poison" {
			return poisoned(ctx, host, e)
		}
	}
	_, err := host.Upsert(ctx, &sdk.Record{Entity: "ledgerEntry", Values: map[string]any{
		"event": e.ID, "product": e.RecordID, "sequence": e.Sequence, "action": e.Action,
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
