package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// kept is a record as it must be, whatever happened to the model meanwhile.
type kept struct {
	id, key, note string
	deleted       bool
	values        map[string]any   // by the path of a spot, also of those that are gone
	box           bool             // whether it has the object at all
	rows          []map[string]any // k, and the names of spots
	plot, keeper  string           // of a tool: what it refers to, by id
	with          string           // the plot whose deletion took it along

	unseen []string // "path value" of the defaults that it may have got by a deletion or restoration
}

func (k *kept) clone() *kept {
	c := *k
	c.values, c.unseen = maps.Clone(k.values), slices.Clone(k.unseen)
	c.rows = nil
	for _, row := range k.rows {
		c.rows = append(c.rows, maps.Clone(row))
	}
	return &c
}

// lacks lists the required spots without a value, which the next change has to
// bring.
func (k *kept) lacks(spots []*spot) (list []*spot) {
	for _, s := range spots {
		if s.required && s.standard == "" && k.values[s.path()] == nil {
			list = append(list, s)
		}
	}
	return list
}

// turned notes what a record gets as it is deleted or restored, where nobody reads it.
func (k *kept) turned(d *definitions, deleted bool) {
	k.deleted = deleted
	for _, s := range d.spots {
		if s.there && s.required && s.standard != "" {
			k.unseen = append(k.unseen, s.path()+" "+s.standard)
		}
	}
}

// said is a value in one form, whatever the type that it is read by.
func said(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			parts[i] = said(part)
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return fmt.Sprint(v)
}

// differs compares a record with what the server answers; "" when they are equal. A
// required value that it lacked it has got by default since.
func (k *kept) differs(d *definitions, got map[string]any) string {
	var b strings.Builder
	compare := func(at string, s *spot, want map[string]any, path string, have any) {
		switch w, h := said(want[path]), said(have); {
		case w == h:
		case w == "" && (s.required && h == s.standard || slices.Contains(k.unseen, s.path()+" "+h)):
			want[path] = have
		default:
			fmt.Fprintf(&b, "%s is %q, want %q; ", at, h, w)
		}
	}
	if note := said(got["note"]); note != k.note {
		fmt.Fprintf(&b, "note is %q, want %q; ", note, k.note)
	}
	for _, s := range d.in("") {
		compare(s.name, s, k.values, s.path(), got[s.name])
	}
	box, _ := got["box"].(map[string]any)
	for _, s := range d.in("box") {
		if k.box {
			compare(s.path(), s, k.values, s.path(), box[s.name])
		}
	}
	rows, _ := got["rows"].([]any)
	if len(rows) != len(k.rows) {
		fmt.Fprintf(&b, "rows are %v, want %v; ", rows, k.rows)
		return b.String()
	}
	for i, row := range rows {
		row, _ := row.(map[string]any)
		if said(row["k"]) != said(k.rows[i]["k"]) {
			fmt.Fprintf(&b, "rows[%d].k is %v, want %v; ", i, row["k"], k.rows[i]["k"])
		}
		for _, s := range d.in("rows") {
			compare(fmt.Sprintf("rows[%d].%s", i, s.name), s, k.rows[i], s.name, row[s.name])
		}
	}
	return b.String()
}

// data draws a change of a plot, and makes it in the record.
func (l *life) data(k *kept) map[string]any {
	data := map[string]any{"note": fmt.Sprint("note ", l.r.IntN(1000))}
	k.note = data["note"].(string)
	missing := k.lacks(l.served.in(""))
	for _, s := range l.served.in("") {
		switch {
		case slices.Contains(missing, s), l.r.IntN(3) == 0:
			v := s.value(l.r)
			data[s.name], k.values[s.path()] = v, v
		case !s.required && l.r.IntN(8) == 0:
			data[s.name] = nil
			delete(k.values, s.path())
		}
	}
	if k.box && len(k.lacks(l.served.in("box"))) > 0 || l.r.IntN(3) == 0 {
		box := map[string]any{"k": "in"}
		for _, s := range l.served.in("box") {
			v := s.value(l.r)
			box[s.name], k.values[s.path()] = v, v
		}
		data["box"], k.box = box, true
	}
	if l.lackInRows(k) || l.r.IntN(3) == 0 {
		rows, was := []any{}, k.rows
		k.rows = nil
		for i := range l.r.IntN(3) {
			row := map[string]any{"k": fmt.Sprint("row ", i)}
			for _, s := range l.served.in("rows") {
				row[s.name] = s.value(l.r)
			}
			rows, k.rows = append(rows, row), append(k.rows, l.withHidden(row, &was))
		}
		data["rows"] = rows
	}
	return data
}

// withHidden is a row with what is hidden in one that was the same, which it takes
// from those that were.
func (l *life) withHidden(row map[string]any, was *[]map[string]any) map[string]any {
	row = maps.Clone(row)
	same := slices.IndexFunc(*was, func(old map[string]any) bool {
		for _, s := range l.served.in("rows") {
			if said(old[s.name]) != said(row[s.name]) {
				return false
			}
		}
		return old["k"] == row["k"]
	})
	if same >= 0 {
		for name, value := range (*was)[same] {
			if _, sent := row[name]; !sent {
				row[name] = value
			}
		}
		*was = slices.Delete(slices.Clone(*was), same, same+1)
	}
	return row
}

func (l *life) lackInRows(k *kept) bool {
	for _, row := range k.rows {
		for _, s := range l.served.in("rows") {
			if s.required && s.standard == "" && row[s.name] == nil {
				return true
			}
		}
	}
	return false
}

// show is a record for the story.
func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
