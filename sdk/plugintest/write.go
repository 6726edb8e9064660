package plugintest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/shopspring/decimal"
)

// write is one wish to change a record, as sdk.Host has it.
type write struct {
	entity    *schema.Entity
	id        string // "" for a new record
	by        *schema.Field
	ifVersion int64
	patch     map[string]any
	add       map[string]string
	guard     *schema.Filter
	state     *schema.Field // that is moved; nil for none
	from      []string      // from one of these states only; none for any
	remove    bool          // delete it; what is set and added does not count

	unruled bool // the plugin is not asked, and nobody is told
}

// write carries out a wish for somebody, through the rules of the plugin. When
// another write comes in between, it starts over with what is stored then.
func (h *Host) write(ctx context.Context, who author, w write) (*stored, error) {
	for {
		before, err := h.before(w)
		if err != nil {
			return nil, err
		}
		after := before.copied(w.entity, who.id(), h.Now())
		if w.remove {
			after.deletedAt = after.updatedAt
			err = h.askBeforeDelete(ctx, who, w, before)
		} else {
			err = h.change(ctx, who, w, before, after)
		}
		if err != nil {
			return nil, err
		}
		if before != nil && reflect.DeepEqual(before.values, after.values) && !w.remove {
			return before, nil
		}
		done, err := h.store.swap(w.entity, before, after, func() {
			if !w.unruled {
				h.happened(who, before, after)
			}
		})
		switch {
		case w.by != nil && before == nil && takes(err, w.by.Name):
			continue // somebody created it in between: now it is an update
		case err != nil:
			return nil, err
		case done:
			return after, nil
		}
	}
}

// takes says whether an error is that another record has the value of a field.
func takes(err error, field string) bool {
	var refused *sdk.Error
	return errors.As(err, &refused) && len(refused.Violations) > 0 && refused.Violations[0].Rule == "unique" && refused.Violations[0].Field == field
}

// before returns the record that a wish is about, nil for a new one, or why it
// cannot be granted.
func (h *Host) before(w write) (*stored, error) {
	e := w.entity
	before := h.store.get(e, w.id)
	if w.by != nil {
		value, err := w.by.Kind().Parse(w.by, w.patch[w.by.Name], schema.Scope{Region: region})
		if err != nil || value == "" {
			return nil, invalid(e, schema.Violations{{Field: w.by.Name, Rule: "required", Message: "is needed to find the record, and must not be empty"}})
		}
		same := h.store.find(e.Stored(), schema.Filter{Path: w.by.StoragePath(), Op: schema.OpEq, Value: value, Field: w.by})
		if len(same) > 0 {
			before = same[0]
		}
	}
	switch {
	case w.id != "" && before == nil:
		return nil, notFound(e.Name, w.id)
	case before != nil && w.ifVersion != 0 && w.ifVersion != before.version:
		return nil, &sdk.Error{
			Code: sdk.Conflict, Message: fmt.Sprintf("The %s was changed by somebody else in the meantime. Reload it and try again.", e.Name),
			Violations: []sdk.Violation{{Field: "version", Rule: "version", Message: "is out of date"}},
		}
	case w.remove && e.IsRole() && len(before.roles()) > 1:
		return nil, &sdk.Error{Code: sdk.Conflict, Message: fmt.Sprintf("The %s also holds other roles. Withdraw the role %s instead, or delete the %s.", e.Name, e.Name, e.Base.Name)}
	case len(w.from) > 0 && !slices.Contains(w.from, fmt.Sprint(schema.Lookup(before.values, w.state.StoragePath()))):
		return nil, &sdk.Error{
			Code:       sdk.Conflict,
			Message:    fmt.Sprintf("The %s was not changed: its %s is %v, not %s. Reload it and try again.", e.Name, w.state.Name, schema.Lookup(before.values, w.state.StoragePath()), strings.Join(w.from, " or ")),
			Violations: []sdk.Violation{{Field: w.state.Name, Rule: "from", Message: "is another by now"}},
		}
	case before != nil && w.guard != nil && !h.store.decided(*w.guard).Match(before.withSystem()):
		return nil, &sdk.Error{Code: sdk.Conflict, Message: fmt.Sprintf("The %s was not changed: the condition does not hold.", e.Name)}
	}
	return before, nil
}

// change makes after what it is to become, between two checks of its values.
func (h *Host) change(ctx context.Context, who author, w write, before, after *stored) error {
	for name := range w.patch {
		if f := w.entity.Stored().Field(name); f != nil && f.System && !w.unruled {
			return invalid(w.entity, schema.Violations{{Field: name, Rule: "system", Message: "is kept by the program and cannot be set"}})
		}
	}
	after.set(w.entity, w.patch)
	for name, amount := range w.add {
		if err := add(w.entity, after, name, amount); err != nil {
			return err
		}
	}
	if before == nil || w.by != nil {
		after.grant(w.entity, after.updatedAt)
	}
	if err := check(w.entity, before, after, !w.unruled); err != nil || w.unruled {
		return err
	}
	if err := h.askBeforeSave(ctx, who, before, after); err != nil {
		return err
	}
	return check(w.entity, before, after, true)
}

// add changes a number by an amount, exactly.
func add(e *schema.Entity, r *stored, name, amount string) error {
	path := name
	if f := e.Field(name); f != nil {
		path = f.StoragePath()
	}
	field, inList := e.At(path)
	delta, err := decimal.NewFromString(amount)
	if field == nil || inList || err != nil || field.Type != "integer" && field.Type != "decimal" {
		return invalid(e, schema.Violations{{Field: name, Rule: "add", Message: "must be a number of the record to add " + amount + " to"}})
	}
	schema.Put(r.values, path, number(schema.Lookup(r.values, path)).Add(delta).String())
	return nil
}

// number is the number that a canonical value stands for.
func number(value any) decimal.Decimal {
	switch v := value.(type) {
	case int64:
		return decimal.NewFromInt(v)
	case string:
		return schema.Decimal(v)
	}
	return decimal.Zero
}

// region is where national phone numbers are from.
const region = "DE"

// check brings the values into the canonical form. Without a step, the record
// has always been in its state.
func check(e *schema.Entity, before, after *stored, step bool) error {
	checked, err := e.Check(after.values, before == nil, region)
	if err != nil {
		return invalid(e, err)
	}
	after.values = checked
	if before == nil {
		before = &stored{}
	}
	var violations schema.Violations
	if step {
		violations = e.CheckStates(before.values, checked)
	}
	for path, f := range e.Kept() {
		was := schema.Lookup(before.values, path)
		if f.Immutable && was != nil && !reflect.DeepEqual(was, schema.Lookup(checked, path)) {
			violations = append(violations, schema.Violation{Field: path, Rule: "immutable", Message: "cannot be changed once it is set"})
		}
	}
	if len(violations) == 0 {
		return nil
	}
	return invalid(e, violations)
}

// uniqueField returns the field by which an upsert finds its record.
func uniqueField(e *schema.Entity, name string) (*schema.Field, error) {
	known := e.UniqueFields()
	i := slices.IndexFunc(known, func(f *schema.Field) bool { return f.Name == name })
	if i < 0 {
		return nil, &sdk.Error{Code: sdk.Invalid, Message: fmt.Sprintf("%s cannot be found by %q: it must be a unique field.", e.Plural, name)}
	}
	return known[i], nil
}
