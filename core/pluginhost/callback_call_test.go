package pluginhost_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/once"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
)

// vouchers is a plugin that others call.
func vouchers() sdk.Plugin {
	type amount struct {
		Amount sdk.Decimal `json:"amount"`
	}
	var issued atomic.Int64
	return sdk.Plugin{Name: "vouchers", Version: "1.0.0", Operations: []sdk.Operation{
		sdk.Mutation("issueVoucher", func(_ context.Context, host sdk.Host, in amount) (string, error) {
			switch in.Amount {
			case "0":
				return "", sdk.Reject("amount", "must be more than 0")
			case "13":
				return "", errors.New("unlucky")
			}
			return "voucher of " + string(in.Amount) + " for " + host.User().Name, nil
		}).Needs("customer.update"),
		sdk.Mutation("countVoucher", func(_ context.Context, _ sdk.Host, in amount) (string, error) {
			return fmt.Sprintf("voucher %d of %s", issued.Add(1), in.Amount), nil
		}).ForEverybody(),
		sdk.Query("voucherCount", func(context.Context, sdk.Host, struct{}) (int64, error) { return 3, nil }).ForEverybody(),
	}}
}

// caller is a plugin that calls what it is told to.
func caller() sdk.Plugin {
	type order struct {
		Name     string      `json:"name"`
		Amount   sdk.Decimal `json:"amount"`
		Wrong    bool        `json:"wrong"`
		AsPlugin bool        `json:"asPlugin"`
		Key      *string     `json:"key"`
	}
	call := func(ctx context.Context, host sdk.Host, in order) (string, error) {
		arguments := map[string]any{}
		if in.Amount != "" {
			arguments["amount"] = in.Amount
		}
		if in.Key != nil && *in.Key != "" {
			arguments["idempotencyKey"] = *in.Key
		}
		if in.Wrong {
			arguments["amuont"] = "5"
		}
		if in.AsPlugin {
			host = host.AsPlugin()
		}
		if in.Name == "voucherCount" {
			var count int64
			err := host.Call(ctx, in.Name, nil, &count)
			return string(rune('0' + count)), err
		}
		var result string
		err := host.Call(ctx, in.Name, arguments, &result)
		return result, err
	}
	return sdk.Plugin{Name: "p", Version: "1.0.0", Operations: []sdk.Operation{
		sdk.Mutation("order", call).ForEverybody(), sdk.Query("ask", call).ForEverybody(),
	}}
}

// starting is a policy by which a user with the role agent may start everything.
type starting struct{ record.Policy }

func (starting) Starts(_ *schema.Model, a core.Actor, _ string, _ []string) bool {
	return len(a.Roles) > 0 && a.Roles[0] == "agent"
}

func TestAPluginCallsTheOperationsOfAnother(t *testing.T) {
	t.Parallel()
	dir := install(t, "vouchers")
	put(t, dir, "calls", "1.0.0", "needs: {asPlugin: true, operations: [issueVoucher, voucherCount, noSuchThing]}\n")
	h := start(t, pluginhost.Config{Dir: dir})
	await(t, h, "p", in(pluginhost.Serving))
	await(t, h, "vouchers", in(pluginhost.Serving))
	stranger := core.Actor{ID: "u2", Name: "Bob"}
	for name, tt := range map[string]struct {
		by        string
		actor     core.Actor
		arguments map[string]any
		want      string
	}{
		"a mutation":           {"order", agent, map[string]any{"name": "issueVoucher", "amount": "5.00"}, "voucher of 5 for Ada"},
		"for the plugin":       {"order", stranger, map[string]any{"name": "issueVoucher", "amount": "5.00", "asPlugin": true}, "voucher of 5 for p"},
		"a query":              {"ask", stranger, map[string]any{"name": "voucherCount"}, "3"},
		"a user who may not":   {"order", stranger, map[string]any{"name": "issueVoucher", "amount": "5.00"}, "FORBIDDEN Your roles do not allow issueVoucher; ask an administrator."},
		"a query that writes":  {"ask", agent, map[string]any{"name": "issueVoucher", "amount": "5.00"}, "FORBIDDEN The plugin p wanted to call issueVoucher in the middle of a read or of another write. Queries, fields and rules have no effects."},
		"a refusal":            {"order", agent, map[string]any{"name": "issueVoucher", "amount": "0"}, "INVALID amount must be more than 0"},
		"a mistake":            {"order", agent, map[string]any{"name": "issueVoucher", "amount": "13"}, "INTERNAL "},
		"wrong arguments":      {"order", agent, map[string]any{"name": "issueVoucher", "wrong": true}, `INVALID amount is required; amuont is no field; did you mean "amount"?`},
		"what was not granted": {"order", agent, map[string]any{"name": "closeTicket"}, "FORBIDDEN The plugin p may not call closeTicket: nobody has granted that. Under needs its plugin.yaml has to have operations: [closeTicket]. Then approve it: xrm plugin approve p."},
		"what is not there":    {"order", agent, map[string]any{"name": "noSuchThing"}, "UNAVAILABLE The operation noSuchThing is not there: no plugin offers it at the moment."},
	} {
		for field, value := range map[string]any{"amount": "", "wrong": false, "asPlugin": false} {
			if _, given := tt.arguments[field]; !given {
				tt.arguments[field] = value
			}
		}
		if tt.arguments["amount"] == "" {
			delete(tt.arguments, "amount")
		}
		answer, err := h.Call(t.Context(), record.Basis{Model: model(t), Policy: starting{}}, tt.actor, operation(t, h, tt.by), tt.arguments, record.Key{})
		got, _ := answer.(string)
		var refused *core.Error
		if errors.As(err, &refused) {
			got = string(refused.Code) + " "
			if refused.Code != core.Internal {
				got += refused.Message
			}
			if len(refused.Violations) > 0 {
				got = string(refused.Code) + " " + refused.Violations.Error()
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

func TestACallOfAnotherPluginWithAKeyIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	store, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	dir := install(t, "vouchers")
	put(t, dir, "calls", "1.0.0", "needs: {operations: [countVoucher]}\n")
	h := start(t, pluginhost.Config{Dir: dir, Once: &once.Desk{Store: store, Now: time.Now}})
	await(t, h, "p", in(pluginhost.Serving))
	await(t, h, "vouchers", in(pluginhost.Serving))
	for _, tt := range []struct{ key, amount, want string }{
		{"order 1", "5", "voucher 1 of 5"},
		{"order 1", "5", "voucher 1 of 5"},
		{"order 2", "5", "voucher 2 of 5"},
		{"order 1", "7", "CONFLICT"},
		{"", "5", "voucher 3 of 5"},
	} {
		arguments := map[string]any{"name": "countVoucher", "amount": tt.amount, "wrong": false, "asPlugin": false, "key": tt.key}
		answer, err := h.Call(t.Context(), record.Basis{Model: model(t), Policy: starting{}}, agent, operation(t, h, "order"), arguments, record.Key{})
		got, _ := answer.(string)
		if err != nil {
			got = string(core.CodeOf(err))
		}
		if got != tt.want {
			t.Errorf("%+v: %s, %v", tt, got, err)
		}
	}
}
