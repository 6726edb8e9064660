package plugintest_test

import (
	"context"
	"os"
	"testing"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// ordering asks another plugin for a voucher.
func ordering() sdk.Plugin {
	return sdk.Plugin{Name: "ordering", Version: "1", Operations: []sdk.Operation{
		sdk.Mutation("comfort", func(ctx context.Context, host sdk.Host, _ struct{}) (string, error) {
			var voucher struct {
				Number string `json:"number"`
			}
			err := host.Call(ctx, "issueVoucher", map[string]any{"amount": sdk.Decimal("5.00")}, &voucher)
			return voucher.Number, err
		}),
	}}
}

func TestATestOffersTheOperationsOfOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		needs string
		offer func(map[string]any) (any, error)
		want  string
	}{
		"one that answers": {"operations: [issueVoucher]", func(arguments map[string]any) (any, error) {
			return map[string]any{"number": "V-" + arguments["amount"].(string)}, nil
		}, "V-5.00"},
		"one that refuses": {"operations: [issueVoucher]", func(map[string]any) (any, error) {
			return nil, &sdk.Error{Code: sdk.CodeConflict, Message: "The budget is spent."}
		}, "CONFLICT The budget is spent."},
		"none":                 {"operations: [issueVoucher]", nil, "UNAVAILABLE The operation issueVoucher is not there: the test has no Offer of it."},
		"one that is no right": {"rules: []", nil, "FORBIDDEN The plugin ordering may not call issueVoucher: nobody has granted that. Under needs its plugin.yaml has to have operations: [issueVoucher]. Then approve it: xrm plugin approve ordering."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("plugin.yaml", []byte("name: ordering\nversion: \"1\"\nneeds: {"+tt.needs+"}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			h := plugintest.Start(t, ordering())
			if tt.offer != nil {
				h.Offer("issueVoucher", tt.offer)
			}
			if got := said(h.Call("comfort", nil)); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}
