package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// asking is a plugin whose only mutation does with the host what a test wants.
func asking(t *testing.T, do func(ctx context.Context, host sdk.Host) error) error {
	t.Helper()
	h := plugintest.Start(t, sdk.Plugin{Name: "asking", Version: "1", Operations: []sdk.Operation{
		sdk.Mutation("ask", func(ctx context.Context, host sdk.Host, _ struct{}) (bool, error) { return true, do(ctx, host) }),
	}})
	for i := range 250 {
		h.Add("product", map[string]any{"name": fmt.Sprintf("Product %03d", i), "sku": fmt.Sprint(i)})
	}
	_, err := h.Call("ask", nil)
	return err
}

func TestFindReadsPageByPage(t *testing.T) {
	tests := map[string]struct {
		criteria sdk.Criteria
		want     int
		first    string
	}{
		"all of them":      {sdk.Criteria{Entity: "product"}, 250, "Product 000"},
		"up to a limit":    {sdk.Criteria{Entity: "product", Limit: 120}, 120, "Product 000"},
		"backwards":        {sdk.Criteria{Entity: "product", OrderBy: []string{"-name"}, Limit: 1}, 1, "Product 249"},
		"those that match": {sdk.Criteria{Entity: "product", Filter: sdk.Filter{"sku": sdk.Filter{"in": []string{"7", "8"}}}}, 2, "Product 007"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := asking(t, func(ctx context.Context, host sdk.Host) error {
				found, err := host.Find(ctx, tt.criteria)
				if err == nil && (len(found) != tt.want || found[0].Text("name") != tt.first) {
					t.Errorf("found %d, first %s; want %d, first %s", len(found), found[0].Text("name"), tt.want, tt.first)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUpdateSendsOnlyWhatWasChanged(t *testing.T) {
	err := asking(t, func(ctx context.Context, host sdk.Host) error {
		created, err := host.Create(ctx, &sdk.Record{Entity: "product", Values: map[string]any{"name": "Leash", "sku": "L1", "description": "Red"}})
		if err != nil {
			return err
		}
		mine, err := host.Get(ctx, "product", created.ID)
		if err != nil {
			return err
		}
		if _, err := host.Update(ctx, &sdk.Record{Entity: "product", ID: created.ID, Values: map[string]any{"name": "Long leash"}}); err != nil {
			return err
		}

		mine.Values["sku"] = "L2"
		_, err = host.Update(ctx, mine)
		var refused *sdk.Error
		if !errors.As(err, &refused) || refused.Code != sdk.CodeConflict {
			t.Errorf("update of an old version: %v, want a conflict", err)
		}

		mine, err = host.Get(ctx, "product", created.ID)
		if err != nil {
			return err
		}
		mine.Values["sku"] = "L2"
		delete(mine.Values, "description")
		saved, err := host.Update(ctx, mine)
		if err != nil {
			return err
		}
		want := map[string]any{"name": "Long leash", "sku": "L2"}
		for name, value := range want {
			if saved.Values[name] != value {
				t.Errorf("%s = %v, want %v", name, saved.Values[name], value)
			}
		}
		if _, kept := saved.Values["description"]; kept || saved.Version != 3 {
			t.Errorf("after the update: %+v; want no description, version 3", saved)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAQueryCannotWrite(t *testing.T) {
	h := plugintest.Start(t, sdk.Plugin{Name: "rash", Version: "1", BeforeSave: map[string]sdk.SaveFunc{
		"product": func(ctx context.Context, host sdk.Host, _ *sdk.Record) error {
			_, err := host.Create(ctx, &sdk.Record{Entity: "product"})
			return err
		},
	}})
	_, err := h.Save(&sdk.Record{Entity: "product", Values: map[string]any{"name": "Leash", "sku": "L1"}})
	const want = "The plugin rash wanted to save a product in the middle of a read or of another write. Queries, fields and rules have no effects."
	if err == nil || err.Error() != want {
		t.Errorf("Save = %v, want %s", err, want)
	}
}

func TestGroupByKeepsTheOrders(t *testing.T) {
	record := func(id, parent string) *sdk.Record {
		return &sdk.Record{ID: id, Values: map[string]any{"customer": parent}}
	}
	groups := sdk.GroupBy(
		[]*sdk.Record{record("3", "b"), record("1", "a"), record("2", "b"), record("4", "x")}, "customer",
		[]*sdk.Record{{ID: "b"}, {ID: "c"}, {ID: "a"}})
	var got [][]any
	for _, group := range groups {
		got = append(got, sdk.IDs(group))
	}
	if diff := cmp.Diff([][]any{{"3", "2"}, {}, {"1"}}, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}
