package importer

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
)

// maxWaiting is about how many bytes of cells wait for rows further down.
const maxWaiting = 64 << 20

// waiting are the records that refer to a record of the same import which is
// not in yet: the parent company that stands in a later row. Each waits for one
// value at a time, and goes on when a record with that value has got in.
type waiting struct {
	names []string // of the fields by which rows are referred to
	seed  maphash.Seed
	in    map[string]map[uint64]bool       // by such a field: hashes of the values of the records that got in
	rows  map[*lookup]map[string][]*record // that wait, by what they wait for
	size  int
	count int
}

// newWaiting marks the lookups that rows of this import may answer.
func newWaiting(p *plan) *waiting {
	w := &waiting{seed: maphash.MakeSeed(), in: map[string]map[uint64]bool{}, rows: map[*lookup]map[string][]*record{}}
	for _, b := range p.bindings {
		l := b.lookup
		if l == nil || !l.entity.same(p.entity) || p.binding(l.by.Name) == nil {
			continue
		}
		l.own = true
		if w.in[l.by.Name] == nil {
			w.names = append(w.names, l.by.Name)
			w.in[l.by.Name] = map[uint64]bool{}
		}
	}
	return w
}

// missing is a reference of a record to what is not there, and may be yet to
// come: nil when it can be sent.
func (w *waiting) missing(r *record) *wantedRef {
	for _, ref := range r.refs {
		for _, one := range ref.wanted {
			if one.absent() && !w.arrived(one) {
				return one
			}
		}
	}
	return nil
}

// absent says that the server does not have what a row of this import may be.
func (r *wantedRef) absent() bool {
	return r.lookup.own && r.lookup.ids[r.text].count == 0
}

// arrived says that a row of this import which got in is what is wanted. After
// a dry run the server does not have it all the same.
func (w *waiting) arrived(one *wantedRef) bool {
	return one.lookup.own && w.in[one.lookup.by.Name][maphash.String(w.seed, one.text)]
}

// hold takes the records out that have to wait. When too many wait, they are
// sent, and refused for what is missing.
func (w *waiting) hold(records []*record) (ready []*record) {
	if len(w.names) == 0 {
		return records
	}
	for _, r := range records {
		one := w.missing(r)
		if one == nil || r.last || w.size > maxWaiting {
			r.tooMany = one != nil && !r.last
			ready = append(ready, r)
			continue
		}
		if w.rows[one.lookup] == nil {
			w.rows[one.lookup] = map[string][]*record{}
		}
		w.rows[one.lookup][one.text] = append(w.rows[one.lookup][one.text], r)
		w.size, w.count = w.size+r.size(), w.count+1
	}
	return ready
}

// value is that of a record that got in, by which rows refer to it.
func (w *waiting) value(r *record, name string) (text string, has bool) {
	value, has := r.values[name]
	return fmt.Sprint(value), has && len(r.faults) == 0
}

// note remembers that a record is in.
func (w *waiting) note(r *record) {
	for _, name := range w.names {
		if text, has := w.value(r, name); has {
			w.in[name][maphash.String(w.seed, text)] = true
		}
	}
}

// release hands out the records that waited for some that got in.
func (w *waiting) release(arrived []*record) (freed []*record) {
	for _, r := range arrived {
		w.note(r)
		for _, name := range w.names {
			text, _ := w.value(r, name)
			for l, rows := range w.rows {
				if l.by.Name == name && w.in[name][maphash.String(w.seed, text)] {
					freed = append(freed, rows[text]...)
					delete(rows, text)
				}
			}
		}
	}
	w.forget(freed)
	return freed
}

func (w *waiting) forget(freed []*record) {
	for _, r := range freed {
		w.size, w.count = w.size-r.size(), w.count-1
	}
}

// rest hands out what still waits when the file has ended, in its order.
func (w *waiting) rest() []*record {
	var all []*record
	for _, rows := range w.rows {
		for _, some := range rows {
			all = append(all, some...)
		}
		clear(rows)
	}
	w.forget(all)
	slices.SortFunc(all, byLine)
	return all
}

func byLine(a, b *record) int { return a.rows[0].Line - b.rows[0].Line }

// circular finds, among records that wait for each other, those that nothing
// else is missing for.
func (w *waiting) circular(records []*record) (circle, others []*record) {
	circle = records
	for {
		values := map[string]map[string]bool{}
		for _, name := range w.names {
			values[name] = map[string]bool{}
			for _, r := range circle {
				if len(r.faults) == 0 {
					values[name][fmt.Sprint(r.values[name])] = true
				}
			}
		}
		var kept []*record
		for _, r := range circle {
			if w.complete(r, values) {
				kept = append(kept, r)
			} else {
				others = append(others, r)
			}
		}
		if len(kept) == len(circle) {
			return circle, others
		}
		circle = kept
	}
}

// complete says whether all that a record refers to is in or among the values.
func (w *waiting) complete(r *record, values map[string]map[string]bool) bool {
	for _, ref := range r.refs {
		for _, one := range ref.wanted {
			if one.absent() && !w.arrived(one) && !values[one.lookup.by.Name][one.text] {
				return false
			}
		}
	}
	return len(r.faults) == 0
}

// finish sends what still waits at the end of the file. Records that refer to
// each other get in without these references first, and get them then.
func (i *imports) finish(ctx context.Context) error {
	circle, others := i.waiting.circular(i.waiting.rest())
	switch {
	case i.DryRun:
		for _, r := range circle {
			i.waiting.note(r)
		}
	case i.plan.key == nil:
		for _, r := range circle {
			one := i.waiting.missing(r)
			r.fault(0, "", fmt.Sprintf("refers to the %s with %s %q, which refers back to it; with a key (key:) an import can write both", one.lookup.entity.Name, one.lookup.by.Name, one.text))
		}
	default:
		for chunk := range slices.Chunk(circle, i.Batch) {
			if err := i.bare(ctx, chunk); err != nil {
				return err
			}
		}
	}
	all := slices.Concat(circle, others)
	slices.SortFunc(all, byLine)
	for chunk := range slices.Chunk(all, i.Batch) {
		for _, r := range chunk {
			r.last = true
		}
		if _, err := i.one(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

// bare sends records without the references for which they wait.
func (i *imports) bare(ctx context.Context, records []*record) error {
	for left := records; len(left) > 0; {
		var full, bare []*record
		full, left = apart(left)
		for _, r := range full {
			first := *r
			first.values = maps.Clone(r.values)
			first.refs = slices.DeleteFunc(slices.Clone(r.refs), func(ref reference) bool {
				return slices.ContainsFunc(ref.wanted, (*wantedRef).absent)
			})
			bare = append(bare, &first)
		}
		if err := i.try(ctx, bare); err != nil {
			return err
		}
		for n, r := range full {
			r.faults, r.outcome = bare[n].faults, bare[n].outcome
		}
	}
	return nil
}
