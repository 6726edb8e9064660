package plugintest

import (
	"context"
	"errors"
	"reflect"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
)

// write is one wish to change a record.
type write struct {
	contract.Wish
	entity *schema.Entity
	remove bool // delete it; what is set and added does not count

	unruled bool // the plugin is not asked, and nobody is told
}

// write carries out a wish for somebody, through the rules of the plugin. When
// another write comes in between, it starts over with what is stored then.
func (h *Host) write(ctx context.Context, who author, w write) (*stored, error) {
	for {
		one, err := h.judge(ctx, who, w)
		if err != nil {
			return nil, err
		}
		if !w.remove && one.after.sameAs(one.before) {
			return one.before, nil
		}
		err = h.store.swap(one)
		switch {
		case w.comesAgain(one, err):
			continue
		case err != nil:
			return nil, err
		}
		return one.after, nil
	}
}

// comesAgain says whether a refused swap is to be made anew, since somebody was faster.
func (w write) comesAgain(one swap, err error) bool {
	// Of an upsert somebody may have created the record: now it is an update.
	return errors.Is(err, errOvertaken) || w.By != nil && one.before == nil && takes(err, w.By.Name)
}

// judge asks the rules of the plugin what becomes of a record.
func (h *Host) judge(ctx context.Context, who author, w write) (swap, error) {
	before, err := h.before(w)
	if err != nil {
		return swap{}, err
	}
	after := before.copied(w.entity, who.id(), h.Now())
	if w.remove {
		after.deletedAt = after.updatedAt
		err = h.askBeforeDelete(ctx, who, w, before)
	} else {
		err = h.change(ctx, who, w, before, after)
	}
	return swap{view: w.entity, before: before, after: after, told: func() {
		if !w.unruled {
			h.happened(who, before, after)
		}
	}}, err
}

// sameAs says whether a record has the values of another; no new one has.
func (r *stored) sameAs(other *stored) bool {
	return other != nil && reflect.DeepEqual(other.values, r.values)
}

// takes says whether an error is that another record has the value of a field.
func takes(err error, field string) bool {
	var refused *schema.Refusal
	return errors.As(err, &refused) && len(refused.Violations) > 0 && refused.Violations[0].Rule == "unique" && refused.Violations[0].Field == field
}

// before returns the record that a wish is about, nil for a new one, or why it
// cannot be granted.
func (h *Host) before(w write) (*stored, error) {
	e, before := w.entity, h.store.get(w.entity, w.ID)
	if w.By != nil {
		value, err := e.KeyIn(w.By, w.Set, region)
		if err != nil {
			return nil, err
		}
		same := h.store.find(e.Stored(), schema.Filter{Path: w.By.StoragePath(), Op: schema.OpEq, Value: value, Field: w.By})
		if len(same) > 0 {
			before = same[0]
		}
	}
	switch {
	case w.ID != "" && before == nil:
		return nil, e.NoRecord(w.ID)
	case before == nil:
		return nil, nil
	case w.IfVersion != 0 && w.IfVersion != before.version:
		return nil, e.OutOfDate()
	}
	return before, h.allow(w, before)
}

// allow refuses a wish that was meant for another state of the record.
func (h *Host) allow(w write, before *stored) error {
	if w.remove {
		return w.entity.CheckDelete(before.values)
	}
	if len(w.From) > 0 {
		if err := w.entity.CheckFrom(w.From, before.values); err != nil {
			return err
		}
	}
	if w.Guard == nil {
		return nil
	}
	return w.entity.CheckGuard(*w.Guard, before.withSystem())
}

// change makes after what it is to become, between two checks of its values.
func (h *Host) change(ctx context.Context, who author, w write, before, after *stored) error {
	if violations := w.entity.CheckSet(w.Set); len(violations) > 0 && !w.unruled {
		return w.entity.Unfit(violations)
	}
	after.set(w.Set)
	if violations := w.entity.Add(after.values, w.Add); len(violations) > 0 {
		return w.entity.Unfit(violations)
	}
	if before == nil || w.By != nil {
		w.entity.Grant(after.values, after.updatedAt)
	}
	if err := h.check(w, who, before, after, false); err != nil || w.unruled || after.sameAs(before) {
		return err
	}
	if err := h.askBeforeSave(ctx, who, before, after); err != nil {
		return err
	}
	return h.check(w, who, before, after, true)
}

// region is where national phone numbers are from.
const region = "DE"

// check brings the values into the canonical form, once before the rules of the plugin
// and once after them (hooked). A record that is made without rules has always been in
// its state.
func (h *Host) check(w write, who author, before, after *stored, hooked bool) error {
	var was map[string]any
	if before != nil {
		was = before.values
	}
	h.takeFiles(w.entity, who, was, after, hooked, w.unruled)
	if before != nil {
		h.model.FillRoles(w.entity, was, after.values)
	}
	checked, err := w.entity.Check(after.values, before == nil, region)
	var violations schema.Violations
	if !errors.As(err, &violations) {
		after.values = checked
	}
	violations = append(violations, w.entity.CheckFiles(after.values)...)
	if !w.unruled {
		violations = append(violations, h.model.CheckRoles(w.entity, after.values)...)
	}
	if err == nil && !w.unruled {
		violations = append(violations, w.entity.CheckLength(was, checked)...)
		violations = append(violations, w.entity.CheckStates(was, checked)...)
		violations = append(violations, w.entity.CheckGapless(was, checked)...)
		violations = append(violations, w.entity.CheckOptions(was, checked)...)
		violations = append(violations, w.entity.CheckImmutable(was, checked)...)
	}
	if len(violations) > 0 {
		return w.entity.Unfit(violations)
	}
	return nil
}
