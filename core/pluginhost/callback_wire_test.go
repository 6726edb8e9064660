package pluginhost_test

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
)

// desk is a plugin "p" whose host keeps vouchers in a store.
type desk struct {
	*testing.T
	host *pluginhost.Host
	on   record.Basis
}

func newDesk(t *testing.T) *desk { return newDeskWithin(t, nil) }

// newDeskWithin is one whose plugin may hold so much.
func newDeskWithin(t *testing.T, held *budget.Server) *desk {
	t.Helper()
	m, err := schema.Load(schema.Source{Layer: "test", File: "voucher.yaml", Data: []byte(`entity: voucher
fields:
  code: {type: text, index: true}
  city: {type: text, index: true}
  remaining: {type: integer}
  state: {type: state, options: {issued: {next: [redeemed]}, redeemed: {}}, default: issued}
`)})
	if err != nil {
		t.Fatal(err)
	}
	roles, err := access.LoadRoles(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := store.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	var ids atomic.Int64
	records := &record.Service{Store: store, Now: time.Now, NewID: func() string { return fmt.Sprintf("v%d", ids.Add(1)) }}
	h, _ := working(t, pluginhost.Config{Budget: held, Open: func(a core.Actor, on record.Basis) pluginhost.Session { return records.As(a, on) }})
	return &desk{t, h, record.Basis{Model: m, Policy: roles}}
}

// asks has the plugin ask its host, for an administrator, and returns what it was
// told.
func (d *desk) asks(format string, args ...any) string {
	d.Helper()
	admin := core.Actor{ID: "a1", Roles: []string{core.AdminRole}}
	said, err := d.host.Call(d.Context(), d.on, admin, operation(d.T, d.host, "work"), map[string]any{"what": fmt.Sprintf(format, args...)}, record.Key{})
	if err != nil {
		d.Fatal(err)
	}
	text, _ := said.(string)
	return text
}

// inBytes is a JSON text as protojson writes a field of bytes.
func inBytes(text string) string {
	return strconv.Quote(base64.StdEncoding.EncodeToString([]byte(text)))
}

func TestAGuardOfAPluginHoldsBesideTheStatesOfItsMove(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const (
		elsewhere = "CONFLICT The voucher was not changed: its state is issued, not redeemed. Reload it and try again. state is another by now"
		usedUp    = "CONFLICT The voucher was not changed: the condition does not hold. guard does not hold for the record as it is"
	)
	for _, tt := range []struct {
		name, from string
		remaining  int
		want       string // "" where it is redeemed
	}{
		{"both hold", "issued", 1, ""},
		{"the guard does not hold", "issued", 0, usedUp},
		{"it is in another state", "redeemed", 1, elsewhere},
		{"neither holds", "redeemed", 0, elsewhere},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := d.asks(`put {"entity": "voucher", "patch": %s}`, inBytes(fmt.Sprintf(`{"remaining":%d}`, tt.remaining)))
			want := tt.want
			if want == "" {
				want = id
			}
			got := d.asks(`put {"entity": "voucher", "id": %q, "toState": "redeemed", "fromStates": [%q], "guard": %s}`, id, tt.from, inBytes(`{"remaining":{"gte":1}}`))
			if got != want {
				t.Errorf("the plugin is told %s, want %s", got, want)
			}
		})
	}
}

func TestACursorOfAPluginBelongsToItsOrder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, code := range []string{"A", "B", "C"} {
		d.asks(`put {"entity": "voucher", "patch": %s}`, inBytes(fmt.Sprintf(`{"code":%q,"city":"Berlin"}`, code)))
	}
	page, cursor, _ := strings.Cut(d.asks(`page {"entity": "voucher", "limit": 2, "orderBy": [{"field": "code"}]}`), " ")
	if page != "2" || cursor == "" {
		t.Fatalf("the first page has %s records and the cursor %q; want 2 and another page", page, cursor)
	}
	const otherOrder = "INVALID The cursor belongs to another order; start again from the first page."
	for order, want := range map[string]string{
		`[{"field": "code"}]`:                     "1",
		`[{"field": "city"}]`:                     otherOrder,
		`[{"field": "code", "descending": true}]`: otherOrder,
		`[]`: otherOrder,
	} {
		if got := d.asks(`page {"entity": "voucher", "orderBy": %s, "after": %q}`, order, cursor); got != want {
			t.Errorf("ordered by %s the plugin is told %q, want %q", order, got, want)
		}
	}
	if got, want := d.asks(`page {"entity": "voucher", "orderBy": [{"field": "code"}], "after": "made up"}`), "INVALID The cursor is none of this query. Pass on what came with the page before."; got != want {
		t.Errorf("with a made up cursor the plugin is told %q, want %q", got, want)
	}
}
