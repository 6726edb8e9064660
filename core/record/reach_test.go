package record_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

func TestARuleOverAReferenceHoldsWhereManyRecordsAreBehindIt(t *testing.T) {
	d := newDesk(t)
	e, changes, want := d.entity("party"), []core.Change{}, []string{}
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	for i := range 700 {
		changes = append(changes, core.Change{At: at, Action: core.Created, After: &core.Record{
			Entity: "party", ID: fmt.Sprint("c", i), Version: 1, CreatedAt: at, UpdatedAt: at,
			Values: map[string]any{"country": []string{"DE", "FR"}[i%100/99], "roles": []any{"customer"}},
		}})
	}
	for _, err := range d.store.Commit(t.Context(), e, changes) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := 95; i < 105; i++ {
		code := fmt.Sprint("V", i)
		d.create("voucher", map[string]any{"code": code, "owner": fmt.Sprint("c", i)})
		if i != 99 {
			want = append(want, code)
		}
	}
	vouchers, err := d.find(german, "voucher", nil)
	if diff := cmp.Diff(want, names(vouchers)); err != nil || diff != "" {
		t.Errorf("the vouchers of German customers: %v, -want +got:\n%s", err, diff)
	}
	vouchers, err = d.find(admin, "voucher", map[string]any{"owner": map[string]any{"country": map[string]any{"eq": "FR"}}})
	if err != nil || !cmp.Equal([]string{"V99"}, names(vouchers)) {
		t.Errorf("the vouchers of French customers: %v, %v; want V99", names(vouchers), err)
	}
}

// What a rule says of a customer holds for customers who live.
func TestARuleOverAReferenceEndsWithTheRoleOfTheRecordBehindIt(t *testing.T) {
	d := newDesk(t)
	former, gone := d.customer("Former", "DE"), d.customer("Gone", "DE")
	d.create("voucher", map[string]any{"code": "F", "owner": former.ID})
	d.create("voucher", map[string]any{"code": "G", "owner": gone.ID})
	see := func(want ...string) {
		t.Helper()
		vouchers, err := d.find(keeper, "voucher", nil)
		if err != nil || !cmp.Equal(append([]string{}, want...), names(vouchers)) {
			t.Errorf("vouchers = %v, %v; want %v", names(vouchers), err, want)
		}
	}
	see("F", "G")
	d.must("customer", record.Draft{Action: core.Updated, ID: former.ID, Withdraw: d.entity("customer")})
	d.must("customer", record.Draft{Action: core.Deleted, ID: gone.ID})
	see()
}

func TestAWriteIsHeldAgainstARuleOverAReference(t *testing.T) {
	d := newDesk(t)
	berlin, paris := d.customer("Berlin", "DE"), d.customer("Paris", "FR")
	b := d.create("voucher", map[string]any{"code": "B", "owner": berlin.ID})
	p := d.create("voucher", map[string]any{"code": "P", "owner": paris.ID})
	n := d.create("voucher", map[string]any{"code": "N"})
	const notAllowed = "You may not make this change to the voucher: your roles do not allow it for this record."
	missing := func(id string) string {
		return "There is no voucher with the id " + id + ", or you may not see it."
	}
	counted := &counting{Store: d.store, finds: map[string]int{}}
	d.Store = counted
	results := d.save(keeper, "voucher",
		record.Draft{Action: core.Updated, ID: b.ID, Set: map[string]any{"remaining": int64(5)}},
		record.Draft{Action: core.Updated, ID: p.ID, Set: map[string]any{"remaining": int64(5)}},
		record.Draft{Action: core.Updated, ID: n.ID, Set: map[string]any{"remaining": int64(5)}},
		record.Draft{Action: core.Created, Set: map[string]any{"code": "B2", "owner": berlin.ID}},
		record.Draft{Action: core.Created, Set: map[string]any{"code": "P2", "owner": paris.ID}},
		record.Draft{Action: core.Created, Set: map[string]any{"code": "N2"}},
	)
	for i, want := range []string{"", missing(p.ID), missing(n.ID), "", notAllowed, notAllowed} {
		if got := message(results[i].Err); got != want {
			t.Errorf("draft %d: %q; want %q", i, got, want)
		}
	}
	// Once to see, once for what is updated as it is, once for that and once for
	// what is new as it will be, and once whether the references lead anywhere.
	if counted.finds["party"] != 5 || counted.most != 2 {
		t.Errorf("six drafts asked %d times for parties and got up to %d of them; want 5 times and 2", counted.finds["party"], counted.most)
	}
	away := d.save(keeper, "voucher", record.Draft{Action: core.Updated, ID: b.ID, Set: map[string]any{"owner": paris.ID}})[0]
	d.refused(away.Err, core.Forbidden, notAllowed)
	without := d.save(keeper, "voucher", record.Draft{Action: core.Updated, ID: b.ID, Set: map[string]any{"owner": nil}})[0]
	d.refused(without.Err, core.Forbidden, notAllowed)
}

// counting counts the queries for each entity, and the most records of a party
// that one has found.
type counting struct {
	record.Store
	finds map[string]int
	most  int
}

func (c *counting) Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	found, err := c.Store.Find(ctx, e, q)
	if c.finds[e.Name]++; e.Name == "party" {
		c.most = max(c.most, len(found))
	}
	return found, err
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A filter must not tell over a reference what it would not tell of the
// record itself.
func TestAHiddenFieldIsNotAskedForOverAReference(t *testing.T) {
	d := newDesk(t)
	email := map[string]any{"email": map[string]any{"isNull": true}}
	const refused = "You may not filter, sort or search customers by email, because you may not see it in all of them."
	for name, tt := range map[string]struct {
		entity string
		filter map[string]any
	}{
		"a reference":             {"voucher", map[string]any{"owner": email}},
		"in a not":                {"voucher", map[string]any{"not": map[string]any{"owner": email}}},
		"in an or":                {"voucher", map[string]any{"or": []any{map[string]any{"code": map[string]any{"eq": "A"}}, map[string]any{"owner": email}}}},
		"over two":                {"activity", map[string]any{"order": map[string]any{"customer": email}}},
		"a not behind one of two": {"activity", map[string]any{"order": map[string]any{"not": map[string]any{"customer": email}}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.find(keeper, tt.entity, tt.filter)
			d.refused(err, core.Forbidden, refused)
		})
	}
	_, err := d.find(keeper, "voucher", map[string]any{"seller": map[string]any{"country": map[string]any{"eq": "DE"}}})
	d.refused(err, core.Forbidden, "You may not read suppliers: your role keeper does not allow it. Ask an administrator for a role that allows it.")
}

// What may not be read is not there, for a filter over two references too.
func TestAFilterReachesOverWhatMayBeRead(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ name, country string }{{"Berlin", "DE"}, {"Paris", "FR"}} {
		customer := d.customer(c.name, c.country)
		order := d.create("order", map[string]any{"customer": customer.ID})
		d.create("activity", map[string]any{"kind": "call", "subject": c.name, "at": "2026-02-28T09:30:00.000Z", "party": customer.ID, "order": order.ID})
	}
	named := func(name string) map[string]any {
		return map[string]any{"order": map[string]any{"customer": map[string]any{"displayName": map[string]any{"eq": name}}}}
	}
	for name, filter := range map[string]map[string]any{"Berlin": named("Berlin"), "Paris": named("Paris")} {
		for _, tt := range []struct {
			actor core.Actor
			want  int
		}{{admin, 1}, {keeper, map[string]int{"Berlin": 1}[name]}} {
			found, err := d.find(tt.actor, "activity", filter)
			if err != nil || len(found) != tt.want {
				t.Errorf("%s finds %d activities over the order to %s, %v; want %d", tt.actor.ID, len(found), name, err, tt.want)
			}
		}
	}
}
