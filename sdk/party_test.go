package sdk_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// points keeps the points of a party in its state, under the party's id.
func points() sdk.Plugin {
	of := func(ctx context.Context, host sdk.Host, party string) (n int, err error) {
		_, err = host.State(ctx, party, &n)
		return n, err
	}
	return sdk.Plugin{
		Name: "points", Version: "1",
		Entities: fstest.MapFS{"card.yaml": {Data: []byte("entity: card\nfields:\n  owner: {type: reference, to: customer}\n  others: {type: list, of: {type: reference, to: party, inverse: sharedCards}}\n")}},
		Operations: []sdk.Operation{sdk.Mutation("collect", func(ctx context.Context, host sdk.Host, in struct {
			Party  sdk.ID `json:"party"`
			Points int    `json:"points"`
		}) (bool, error) {
			_, err := host.PutState(ctx, string(in.Party), in.Points, sdk.AnyVersion, 0)
			return true, err
		})},
		PartyData: &sdk.PartyData{
			Merge: func(ctx context.Context, host sdk.Host, from, into string) error {
				gone, err := of(ctx, host, from)
				if err != nil || gone == 0 { // it has been merged
					return err
				}
				kept, err := of(ctx, host, into)
				if err != nil {
					return err
				}
				if _, err := host.PutState(ctx, into, kept+gone, sdk.AnyVersion, 0); err != nil {
					return err
				}
				return host.DeleteState(ctx, from, sdk.AnyVersion)
			},
			Export: func(ctx context.Context, host sdk.Host, party string) (any, error) {
				n, err := of(ctx, host, party)
				if err != nil || n == 0 {
					return nil, err
				}
				return map[string]any{"points": n}, nil
			},
			Erase: func(ctx context.Context, host sdk.Host, party string) error {
				return host.DeleteState(ctx, party, sdk.AnyVersion)
			},
		},
	}
}

func TestWhatIsKeptAboutAPartyIsMergedHandedOutAndErased(t *testing.T) {
	h := plugintest.Start(t, points())
	customer := func(name string, points int) string {
		id := h.Add("customer", map[string]any{"kind": "person", "displayName": name}).ID
		if _, err := h.Call("collect", map[string]any{"party": id, "points": points}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	handedOut := func(id string, want any) {
		t.Helper()
		if got, err := h.ExportParty(id); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("of %s is handed out %v, %v; want %v", id, got, err, want)
		}
	}
	anna, duplicate := customer("Anna", 3), customer("Anna A.", 4)
	card := h.Add("card", map[string]any{"owner": duplicate, "others": []any{anna, duplicate}})
	handedOut(duplicate, map[string]any{"points": int64(4)})

	h.MergeParty(duplicate, anna)
	h.Deliver()
	handedOut(duplicate, nil)
	handedOut(anna, map[string]any{"points": int64(7)})
	if diff := cmp.Diff(map[string]any{"owner": anna, "others": []any{anna, anna}}, h.Get("card", card.ID).Values); diff != "" {
		t.Errorf("the card (-want +got):\n%s", diff)
	}
	if err := h.Redeliver(h.Events("party.merged")[0]); err != nil {
		t.Error(err)
	}
	handedOut(anna, map[string]any{"points": int64(7)})

	h.EraseParty(anna)
	h.Deliver()
	handedOut(anna, nil)
	if dead := h.DeadLetters(); len(dead) > 0 {
		t.Errorf("dead letters: %v", dead)
	}
}

func TestPartyDataHasAllThreeFunctions(t *testing.T) {
	p := points()
	p.PartyData.Export, p.PartyData.Erase = nil, nil
	_, err := sdk.NewTransport(p, func() {})
	for _, want := range []string{"PartyData has no Export", "PartyData has no Erase"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewTransport = %v; want %s", err, want)
		}
	}
}

func TestAnExportThatFailsSaysSo(t *testing.T) {
	p := points()
	p.PartyData.Export = func(context.Context, sdk.Host, string) (any, error) {
		return nil, errors.Join(&sdk.Error{Code: sdk.CodeUnavailable, Message: "The provider does not answer."})
	}
	h := plugintest.Start(t, p)
	if _, err := h.ExportParty("party-001"); err == nil || err.Error() != "The provider does not answer." {
		t.Errorf("ExportParty = %v", err)
	}
}
