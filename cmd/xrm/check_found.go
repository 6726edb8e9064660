package main

import (
	"encoding/json"
	"fmt"
	"io"
)

const shownFindings = 20 // of a kind and an entity

// findingsForPeople prints what was found of an entity when the next one comes. It keeps
// no more than it shows.
type findingsForPeople struct {
	out    io.Writer
	before func() // each print

	all, here tally // here is of the entity
	entity    string
	lines     map[string][]string
}

func newFindingsForPeople(out io.Writer, before func()) *findingsForPeople {
	return &findingsForPeople{out: out, before: before, all: tally{}, here: tally{}, lines: map[string][]string{}}
}

func (v *findingsForPeople) found(f finding) error {
	if f.Entity != v.entity {
		if err := v.flush(); err != nil {
			return err
		}
		v.entity = f.Entity
	}
	v.all[f.Kind]++
	if v.here[f.Kind]++; v.here[f.Kind] <= shownFindings {
		v.lines[f.Kind] = append(v.lines[f.Kind], f.ID+": "+f.Message)
	}
	return nil
}

// flush prints what is kept.
func (v *findingsForPeople) flush() error {
	if len(v.here) == 0 {
		return nil
	}
	v.before()
	text := v.entity + "\n"
	for _, k := range v.here.kinds() {
		n := v.here[k.kind]
		text += "  " + count(n, k.one, k.many) + "\n"
		for _, line := range v.lines[k.kind] {
			text += "    " + line + "\n"
		}
		if left := n - shownFindings; left > 0 {
			text += fmt.Sprintf("    and %d more; --json prints all\n", left)
		}
	}
	clear(v.here)
	clear(v.lines)
	_, err := io.WriteString(v.out, text)
	return err
}

func (v *findingsForPeople) end(checked int) error {
	well, err := v.all.summary(checked)
	if err == nil {
		_, err = io.WriteString(v.out, well)
	}
	return err
}

// findingsAsLines prints each finding as JSON on a line, and the sums on the last.
type findingsAsLines struct {
	out io.Writer
	all tally
}

func (v *findingsAsLines) found(f finding) error {
	v.all[f.Kind]++
	return json.NewEncoder(v.out).Encode(f)
}

func (v *findingsAsLines) flush() error { return nil }

func (v *findingsAsLines) end(checked int) error {
	err := json.NewEncoder(v.out).Encode(struct {
		Checked int   `json:"checked"`
		Found   tally `json:"found"`
	}{checked, v.all})
	if err == nil {
		_, err = v.all.summary(checked)
	}
	return err
}
