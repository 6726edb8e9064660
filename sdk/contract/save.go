package contract

import (
	"errors"
	"fmt"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Wish is what a plugin wants a record to become, in the terms of the language. All
// that it asks for has to hold on the very version that the write replaces.
type Wish struct {
	ID        string            // "" for a new record
	By        *schema.Field     // of an upsert: the unique field that it finds its record by; nil for none
	IfVersion int64             // 0 for any
	Set       map[string]any    // by storage path; nil clears
	Add       map[string]string // amounts, by storage path
	Guard     *schema.Filter    // nil for none
	From      []string          // states; none for any
}

// ReadWish reads what a plugin wants to save.
func ReadWish(m *schema.Model, e *schema.Entity, plugin string, r *pluginpb.SaveRequest) (Wish, error) {
	w := Wish{ID: r.GetId(), IfVersion: r.GetIfVersion()}
	patch, err := pluginpb.Decode(r.GetPatch())
	if err != nil {
		return w, invalid(fmt.Sprintf("The plugin %s sent values that cannot be read.", plugin))
	}
	w.Set = Stored(e, patch)
	if to := r.GetToState(); to != "" {
		f := e.StateField()
		if f == nil || w.ID == "" {
			return w, invalid(fmt.Sprintf("No %s was moved to %q: that takes an entity with a field of type state, and an id.", e.Name, to))
		}
		w.Set[f.StoragePath()], w.From = to, r.GetFromStates()
	}
	if by := r.GetBy(); by != "" {
		if w.By, err = e.FindBy(by, w.ID); err != nil {
			return w, err
		}
	}
	if len(r.GetAdd()) > 0 {
		w.Add = Stored(e, r.GetAdd())
	}
	w.Guard, err = readGuard(m, e, r.GetGuard())
	return w, err
}

// InBatch is the error of a batch of which a write, counted from 0, is refused.
func InBatch(w *pluginpb.SaveRequest, at int, err error) error {
	var refused *schema.Refusal
	if !errors.As(err, &refused) {
		return err
	}
	told := *refused
	told.Message = schema.InBatch(w.GetEntity(), at, refused.Message)
	return &told
}

// readGuard returns nil for none.
func readGuard(m *schema.Model, e *schema.Entity, encoded []byte) (*schema.Filter, error) {
	if len(encoded) == 0 {
		return nil, nil
	}
	raw, err := pluginpb.Decode(encoded)
	if err != nil {
		return nil, invalid("The guard cannot be read.")
	}
	guard, err := m.ParseGuard(e, raw)
	if err != nil {
		return nil, unfit("The guard does not fit "+e.Plural+".", err)
	}
	return &guard, nil
}

// Stored turns what is said by the names of a view into what is said by storage
// path. Names that are no field stay as they are: whoever checks the values refuses
// them in its own words.
func Stored[T any](e *schema.Entity, named map[string]T) map[string]T {
	stored := make(map[string]T, len(named))
	for name, value := range named {
		if f := e.Field(name); f != nil {
			name = f.StoragePath()
		}
		stored[name] = value
	}
	return stored
}

// Shown is the inverse of Stored for the values of a record, which a role, like in the
// API, has side by side with those of its base. What it returns may share them.
func Shown(e *schema.Entity, values map[string]any) map[string]any {
	if !e.IsRole() {
		return e.Known(values)
	}
	shown := make(map[string]any, len(values))
	for _, f := range e.Fields {
		if value := f.Known(schema.Lookup(values, f.StoragePath())); value != nil {
			shown[f.Name] = value
		}
	}
	return shown
}

// CheckPatch says what is wrong with the changes that a rule of a plugin wants to
// make; it completes "the plugin …". They are by the names of the view.
func CheckPatch(view *schema.Entity, patch map[string]any) error {
	for name := range patch {
		if f := view.Field(name); f == nil || f.System {
			return fmt.Errorf("wanted to set %s.%s, which is no field that can be set", view.Name, name)
		}
	}
	return nil
}
