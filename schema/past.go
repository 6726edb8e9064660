package schema

import (
	"slices"
	"strings"
)

// Past is what is known of stored values: the fields of a model, and those that
// went before it. It never changes.
type Past struct{ entities []*Entity }

// Past is what was served, with what was gone from it by then. Of a field that is in
// several of them the first one counts. The model may be nil.
func (m *Model) Past(gone ...[]Gone) *Past {
	p := &Past{}
	if m != nil {
		p.entities = m.Stored()
	}
	for _, g := range slices.Concat(gone...) {
		i := slices.IndexFunc(p.entities, func(e *Entity) bool { return e.Name == g.Entity })
		if i < 0 {
			p.entities = append(p.entities, &Entity{Name: g.Entity, Plural: g.Entity + "s", traced: true, Fields: g.Fields})
			continue
		}
		both := *p.entities[i]
		both.Fields = both.Fields.with(g.Fields)
		p.entities[i] = &both
	}
	return p
}

// Gone is what of it is not in a model: one definition for each path, however often
// it has changed, and none where the model has another.
func (p *Past) Gone(now *Model) (gone []Gone) {
	for _, e := range p.entities {
		if left := e.Fields.lost(fieldsIn(now, e)); len(left) > 0 {
			gone = append(gone, Gone{e.Name, left})
		}
	}
	slices.SortFunc(gone, func(a, b Gone) int { return strings.Compare(a.Entity, b.Entity) })
	return gone
}

// Without is the past without what a model has from a layer, and now in another form.
func (p *Past) Without(now *Model, layer string) *Past {
	return &Past{entities: slices.DeleteFunc(slices.Clone(p.entities), func(was *Entity) bool {
		is := now.Entity(was.Name) // which no trace has a version of
		return is != nil && is.Layer == layer && (is.Version != was.Version || was.traced && is.Version > 0)
	})}
}

// fieldsIn are those that the entity of the past has in a model.
func fieldsIn(m *Model, e *Entity) Fields {
	if same := m.Entity(e.Name); same != nil && !same.IsRole() {
		return same.Fields
	}
	return nil
}
