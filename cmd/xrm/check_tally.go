package main

import (
	"maps"
	"slices"
	"strings"
)

// findingKind is a kind of findings in words.
type findingKind struct {
	kind, one, many string
	fine            bool // nothing is wrong
}

// findingKinds are all that the server knows, in the order in which people read them.
var findingKinds = []findingKind{
	{kind: "MISSING", one: "reference leads to no record", many: "references lead to no record"},
	{kind: "DELETED", one: "reference leads to a deleted record", many: "references lead to deleted records"},
	{kind: "MERGED", one: "reference leads to a merged party", many: "references lead to merged parties"},
	{kind: "MISFIT", one: "value does not fit its field", many: "values do not fit their fields"},
	{kind: "UNREADABLE", one: "value cannot be read", many: "values cannot be read"},
	{kind: "SHARED", one: "record shares a unique value", many: "records share unique values"},
	{kind: "MISPLACED", one: "value is missed by filters and orders, or by the search, or is not kept unique", many: "values are missed by filters and orders, or by the search, or are not kept unique"},
	{kind: "EMPTIED", one: "file has lost its content", many: "files have lost their contents"},
	{kind: "LOST", one: "duplicate leads nowhere", many: "duplicates lead nowhere"},
	{kind: "STUCK", one: "change is stuck half-way", many: "changes are stuck half-way"},
	{kind: "UNDER_WAY", one: "change is under way", many: "changes are under way", fine: true},
}

// tally counts findings by their kind.
type tally map[string]int

// kinds are those that were found, in the order in which people read them. A newer server
// may know others.
func (t tally) kinds() (found []findingKind) {
	known := map[string]bool{}
	for _, k := range findingKinds {
		known[k.kind] = true
		if t[k.kind] > 0 {
			found = append(found, k)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(t)) {
		if !known[kind] {
			found = append(found, findingKind{kind: kind, one: "finding of the kind " + kind, many: "findings of the kind " + kind})
		}
	}
	return found
}

// wrong says in words what is wrong; "" for nothing.
func (t tally) wrong() string {
	var parts []string
	for _, k := range t.kinds() {
		if !k.fine {
			parts = append(parts, count(t[k.kind], k.one, k.many))
		}
	}
	return strings.Join(parts, ", ")
}

const (
	allIsWell  = "every reference leads somewhere, every value fits the type of its field, no two living records share a unique value, filters and orders find every text, every duplicate leads to a record, the party of every API key is there, and nothing that was begun is stuck"
	notChecked = "Not looked at: rules that hold for what is written (required, max and the like), rules of plugins, fields that no definition has, the history, and what plugins keep for themselves."
)

// summary ends a check: an error where something is wrong.
func (t tally) summary(checked int) (well string, err error) {
	records := count(checked, "record", "records") + " checked"
	if wrong := t.wrong(); wrong != "" {
		return "", errFound(records + ": " + wrong + ". Each is told with what to do about it.\n" + notChecked)
	}
	return records + ": " + allIsWell + ".\n" + notChecked + "\n", nil
}
