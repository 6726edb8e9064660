package importer

import (
	"fmt"
	"reflect"

	"github.com/openxrm/xrm/cmd/xrm/importer/table"
)

// record is what one row, or the rows of one group, come to.
type record struct {
	rows   []table.Row
	key    string // "" when there is none, or it cannot be read
	values map[string]any
	refs   []reference
	faults []fault

	outcome string          // what the server made of it; "" while it is not in
	last    bool            // it does not wait for other rows any more
	tooMany bool            // it should wait, but too many do
	assumed map[string]bool // references that only a dry run cannot put in
}

// fault is a reason why a record does not get in.
type fault struct {
	row    int    // the row it concerns, counted within the record
	path   string // the field it concerns, if any
	reason string
}

// reference is a place in the values where an id is still to be put.
type reference struct {
	binding *binding
	row     int
	wanted  []*wantedRef
}

func (r *record) fault(row int, path, reason string) {
	r.faults = append(r.faults, fault{row: row, path: path, reason: reason})
}

// convert makes the values of a record's rows. References wait for resolve.
func (p *plan) convert(r *record) {
	for row := range r.rows {
		for _, reason := range r.rows[row].Faults {
			r.fault(row, "", reason)
		}
	}
	if len(r.faults) > 0 {
		return
	}
	r.values = map[string]any{}
	for _, name := range p.clear {
		r.values[name] = nil
	}
	for _, b := range p.bindings {
		var first any
		for row := range r.rows {
			value, reason := b.read(r.rows[row].Cells)
			switch {
			case reason != "":
				r.fault(row, b.path, b.label+" "+b.asInFile(reason, r.rows[row].Cells))
			case row == 0 || b.ofRow():
				first = value
				r.put(b, row, value)
			case !reflect.DeepEqual(value, first):
				r.fault(row, b.path, fmt.Sprintf("%s differs from line %d, but is of the same record", b.label, r.rows[0].Line))
			}
		}
	}
	p.checkItems(r)
	if p.key != nil && r.key == "" && !r.about(p.key.path) {
		r.fault(0, p.key.path, p.key.label+" is the key and needs a value")
	}
}

func (r *record) put(b *binding, row int, value any) {
	if value == nil {
		return
	}
	list, _ := value.([]any)
	if list == nil {
		list = []any{value}
	}
	if _, isRef := list[0].(*wantedRef); !isRef {
		if reason := b.put(r.values, row, value); reason != "" {
			r.fault(row, b.path, b.label+" "+reason)
		}
		return
	}
	ref := reference{binding: b, row: row}
	for _, w := range list {
		ref.wanted = append(ref.wanted, w.(*wantedRef))
	}
	r.refs = append(r.refs, ref)
}

// checkItems sees to it that each row of a group has become an item, so that
// the places of items and rows agree.
func (p *plan) checkItems(r *record) {
	if p.group == "" || len(r.faults) > 0 {
		return
	}
	items, _ := r.values[p.group].([]any)
	waiting := map[int]bool{}
	for _, ref := range r.refs {
		waiting[ref.row] = waiting[ref.row] || ref.binding.ofRow()
	}
	for row := range r.rows {
		if !waiting[row] && (row >= len(items) || items[row] == nil) {
			r.fault(row, p.group, "has no value for "+p.group)
		}
	}
}

// resolve puts the ids that were found in their places. What is assumed is
// found, and has no id yet.
func (r *record) resolve(assumed func(*wantedRef) bool) {
	r.assumed = map[string]bool{}
	for _, ref := range r.refs {
		var ids []any
		for _, w := range ref.wanted {
			one := w.lookup.ids[w.text]
			switch {
			case one.count == 1:
				ids = append(ids, one.id)
			case assumed(w):
				r.assumed[ref.binding.path] = true
			case !ref.binding.skip:
				r.fault(ref.row, ref.binding.path, ref.binding.label+" "+w.lookup.missing(w.text)+r.whyNotYet())
			}
		}
		switch {
		case len(ids) == 0:
		case ref.binding.field.Type == "list":
			ref.binding.put(r.values, ref.row, ids)
		default:
			ref.binding.put(r.values, ref.row, ids[0])
		}
	}
	withoutGaps(r.values)
}

// whyNotYet says what helps a row that could not wait.
func (r *record) whyNotYet() string {
	if !r.tooMany {
		return ""
	}
	return fmt.Sprintf(" yet; rows of %d MB wait for others already, so let what is referred to stand above, or import the rejected rows afterwards", maxWaiting>>20)
}

// about says whether a fault concerns a field already.
func (r *record) about(path string) bool {
	for _, f := range r.faults {
		if f.path == path {
			return true
		}
	}
	return false
}

// size is roughly how much the record adds to a request.
func (r *record) size() int {
	n := 0
	for _, row := range r.rows {
		for _, cell := range row.Cells {
			n += len(cell) + 20
		}
	}
	return n
}
