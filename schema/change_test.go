package schema_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

// vouchers are an entity that goes through states, and a party with roles.
func vouchers(t *testing.T) *schema.Model {
	t.Helper()
	source := func(file, yaml string) schema.Source {
		return schema.Source{Layer: "test", File: file, Data: []byte(yaml)}
	}
	m, err := schema.Load(
		source("voucher.yaml", `entity: voucher
fields:
  code: {type: text, unique: true}
  remaining: {type: integer}
  worth: {type: decimal}
  kind: {type: text, immutable: true}
  lines: {type: list, of: {type: object, fields: {quantity: {type: integer}}}}
  state: {type: state, options: {issued: {next: [redeemed]}, redeemed: {}}, default: issued}
`),
		source("party.yaml", "entity: party\nfields:\n  name: {type: text}\n"),
		source("customer.yaml", "role: customer\nof: party\nfields:\n  number: {type: text, unique: true}\n  segment: {type: text, default: B}\n"),
		source("supplier.yaml", "role: supplier\nof: party\nfields:\n  rating: {type: integer}\n"),
	)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAmountsAreAddedExactly(t *testing.T) {
	values := map[string]any{"remaining": int64(9007199254740993), "worth": "0.1"}
	got := vouchers(t).Entity("voucher").Add(values, map[string]string{"remaining": "-1", "worth": "0.2"})
	want := map[string]any{"remaining": "9007199254740992", "worth": "0.3"}
	if diff := cmp.Diff(want, values); diff != "" || got != nil {
		t.Errorf("%v (-want +got):\n%s", got, diff)
	}
	values = map[string]any{}
	vouchers(t).Entity("voucher").Add(values, map[string]string{"remaining": "2"})
	if diff := cmp.Diff(map[string]any{"remaining": "2"}, values); diff != "" {
		t.Errorf("to no value (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeAddedToIsNamed(t *testing.T) {
	got := vouchers(t).Entity("voucher").Add(map[string]any{}, map[string]string{"code": "1", "lines.quantity": "2", "remaning": "3", "worth": "a lot"})
	want := "code must be a number of the record to add 1 to; lines.quantity must be a number of the record to add 2 to; " +
		"remaning must be a number of the record to add 3 to; worth must be a number of the record to add a lot to"
	if got.Error() != want {
		t.Errorf("Add = %v\nwant %s", got, want)
	}
}

func TestAChangeIsRefusedInTheWordsOfTheView(t *testing.T) {
	m := vouchers(t)
	voucher, customer := m.Entity("voucher"), m.Entity("customer")
	guard, err := m.ParseGuard(voucher, map[string]any{"remaining": map[string]any{"gte": 1}})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{"remaining": int64(0), "state": "issued"}
	key := func(e *schema.Entity, field string, set map[string]any) error {
		_, err := e.KeyIn(e.Field(field), set, "")
		return err
	}
	by := func(name, id string) error {
		_, err := voucher.FindBy(name, id)
		return err
	}
	tests := map[string]struct {
		got  error
		want *schema.Refusal // nil: it is not refused
	}{
		"it is not there": {voucher.NoRecord("v1"), &schema.Refusal{Code: schema.NotFound, Message: "There is no voucher with the id v1, or you may not see it."}},
		"its version": {voucher.OutOfDate(), &schema.Refusal{
			Code: schema.Conflict, Message: "The voucher was changed by somebody else in the meantime. Reload it and try again.",
			Violations: schema.Violations{{Field: "version", Rule: "version", Message: "is out of date"}},
		}},
		"its values": {customer.Unfit(schema.Violations{{Field: "customer.segment", Rule: "required", Message: "is required"}, {Field: "name", Rule: "text", Message: "must be a text, not 7"}, {Field: "customer.number", Rule: "required", Message: "is required"}}), &schema.Refusal{
			Code: schema.Invalid, Message: "The customer was not saved: some fields need attention.",
			Violations: schema.Violations{{Field: "name", Rule: "text", Message: "must be a text, not 7"}, {Field: "number", Rule: "required", Message: "is required"}, {Field: "segment", Rule: "required", Message: "is required"}},
		}},
		"a value that is taken": {customer.Taken("customer.number", "C-1"), &schema.Refusal{
			Code: schema.Conflict, Message: "The customer was not saved: another one has the same number.",
			Violations: schema.Violations{{Field: "number", Rule: "unique", Message: "is taken: another party has C-1 already", Unquoted: "is taken"}},
		}},
		"its state": {voucher.CheckFrom([]string{"redeemed", "lost"}, values), &schema.Refusal{
			Code: schema.Conflict, Message: "The voucher was not changed: its state is issued, not redeemed or lost. Reload it and try again.",
			Violations: schema.Violations{{Field: "state", Rule: "from", Message: "is another by now"}},
		}},
		"a state that it is in": {voucher.CheckFrom([]string{"redeemed", "issued"}, values), nil},
		"a guard": {voucher.CheckGuard(guard, values), &schema.Refusal{
			Code: schema.Conflict, Message: "The voucher was not changed: the condition does not hold.",
			Violations: schema.Violations{{Field: "guard", Rule: "guard", Message: "does not hold for the record as it is"}},
		}},
		"a guard that holds":                  {voucher.CheckGuard(guard, map[string]any{"remaining": int64(1)}), nil},
		"it also is a supplier":               {customer.CheckDelete(map[string]any{"roles": []any{"customer", "supplier"}}), &schema.Refusal{Code: schema.Conflict, Message: "The customer also holds other roles. Withdraw the role customer instead, or delete the party."}},
		"it is no more":                       {customer.CheckDelete(map[string]any{"roles": []any{"customer"}}), nil},
		"it is deleted with all of its roles": {m.Entity("party").CheckDelete(map[string]any{"roles": []any{"customer", "supplier"}}), nil},
		"no key": {key(voucher, "code", map[string]any{"code": " "}), &schema.Refusal{
			Code: schema.Invalid, Message: "The voucher was not saved: some fields need attention.",
			Violations: schema.Violations{{Field: "code", Rule: "required", Message: "is needed to find the record, and must not be empty"}},
		}},
		"a key that is none": {key(customer, "number", map[string]any{"customer.number": 7}), &schema.Refusal{
			Code: schema.Invalid, Message: "The customer was not saved: some fields need attention.",
			Violations: schema.Violations{{Field: "number", Rule: "required", Message: "is needed to find the record, and must be a text, not 7"}},
		}},
		"a field that is not unique": {by("worth", ""), &schema.Refusal{Code: schema.Invalid, Message: `A voucher cannot be found by "worth": it must be a unique field, and the record must have no id.`}},
		"a key beside an id":         {by("code", "v1"), &schema.Refusal{Code: schema.Invalid, Message: `A voucher cannot be found by "code": it must be a unique field, and the record must have no id.`}},
		"a unique field":             {by("code", ""), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got *schema.Refusal
			errors.As(tt.got, &got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%v (-want +got):\n%s", tt.got, diff)
			}
		})
	}
}

func TestWhatIsSetForEverStays(t *testing.T) {
	e := vouchers(t).Entity("voucher")
	for kind, want := range map[any]string{
		"gift": "", "prize": "kind cannot be changed once it is set", nil: "kind cannot be changed once it is set",
	} {
		after := map[string]any{}
		schema.Put(after, "kind", kind)
		if got := e.CheckImmutable(map[string]any{"kind": "gift"}, after).Error(); got != want {
			t.Errorf("from gift to %v: %q, want %q", kind, got, want)
		}
		if got := e.CheckImmutable(nil, after); got != nil {
			t.Errorf("a new %v: %v", kind, got)
		}
	}
}

func TestWhatTheProgramKeepsIsNotSet(t *testing.T) {
	e := vouchers(t).Entity("customer")
	for path, want := range map[string]string{
		"version": "version is kept by the program and cannot be set", "customer.since": "customer.since is kept by the program and cannot be set",
		"roles": "roles is kept by the program and cannot be set", "customer.number": "", "name": "", "nothing": "",
	} {
		if got := e.CheckSet(map[string]any{path: "x"}).Error(); got != want {
			t.Errorf("setting %s: %q, want %q", path, got, want)
		}
	}
}

func TestARoleComesBackWithItsData(t *testing.T) {
	m := vouchers(t)
	customer := m.Entity("customer")
	values := map[string]any{"name": "Futterhaus"}
	first, last := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	customer.Grant(values, first)
	schema.Put(values, "customer.number", "C-1")
	customer.Grant(values, last) // it is held
	customer.Withdraw(values, last)
	customer.Withdraw(values, first) // it is not
	want := map[string]any{"name": "Futterhaus", "roles": []any{}, "customer": map[string]any{"number": "C-1", "since": schema.Instant(first), "until": schema.Instant(last)}}
	if diff := cmp.Diff(want, values); diff != "" || customer.IsHeldBy(values) {
		t.Errorf("withdrawn (-want +got):\n%s", diff)
	}
	customer.Grant(values, last)
	want = map[string]any{"name": "Futterhaus", "roles": []any{"customer"}, "customer": map[string]any{"number": "C-1", "since": schema.Instant(last)}}
	if diff := cmp.Diff(want, values); diff != "" || !customer.IsHeldBy(values) {
		t.Errorf("granted again (-want +got):\n%s", diff)
	}
	m.Entity("party").Grant(values, last) // which is no role
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("the base granted (-want +got):\n%s", diff)
	}
}

func TestDataOfARoleNeedTheRole(t *testing.T) {
	m := vouchers(t)
	party := m.Entity("party")
	values := map[string]any{"customer": map[string]any{"number": "C-1"}}
	if got, want := m.CheckRoles(party, values).Error(), "customer needs the role customer; grant it first"; got != want {
		t.Errorf("without it: %s, want %s", got, want)
	}
	m.Entity("customer").Grant(values, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	m.FillRoles(party, nil, values)
	if got := m.CheckRoles(party, values); got != nil || schema.Lookup(values, "customer.segment") != "B" {
		t.Errorf("with it: %v, and %v; want its defaults", got, values)
	}
}
