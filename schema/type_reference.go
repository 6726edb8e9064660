package schema

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// What becomes of a record when one that it refers to is deleted.
const (
	DeleteRefuse  = "refuse"  // that one is not deleted while the record lives; the default
	DeleteClear   = "clear"   // the reference is cleared, with a line in the record's history
	DeleteCascade = "cascade" // the record is deleted with that one, and restored with it
	DeleteKeep    = "keep"    // the reference stays and leads nowhere until that one is restored
)

var deletionRules = []string{DeleteRefuse, DeleteClear, DeleteCascade, DeleteKeep}

// DeletionRule is what the field's onDelete says; a reference that says nothing
// refuses. One whose layer is gone binds nobody.
func (f *Field) DeletionRule() string {
	switch {
	case f.gone:
		return DeleteKeep
	case f.OnDelete == "":
		return DeleteRefuse
	}
	return f.OnDelete
}

type referenceType struct{ plain }

func (referenceType) Name() string { return "reference" }
func (referenceType) Doc() string {
	return "Another record, by its id. The record must exist when the reference is set."
}
func (referenceType) Options() []string { return []string{"to", "inverse", "onDelete", "otherThan"} }
func (referenceType) Operators() []Op   { return []Op{OpEq, OpNe, OpIn, OpNotIn, OpIsNull, OpDangling} }

func (referenceType) Lint(f *Field) []string {
	var faults []string
	if f.To == "" {
		faults = append(faults, "a reference needs to: the name of an entity or role")
	}
	switch {
	case f.OnDelete != "" && !slices.Contains(deletionRules, f.OnDelete):
		faults = append(faults, "onDelete must be "+strings.Join(deletionRules[:3], ", ")+" or "+DeleteKeep+", not "+f.OnDelete+strictyaml.Suggest(f.OnDelete, deletionRules))
	case f.OnDelete == DeleteClear && f.Required:
		faults = append(faults, "onDelete cannot be clear, because the field is required: a record would be left without it; write refuse, cascade or keep")
	}
	return faults
}

func article(noun string) string {
	if noun != "" && strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

func (referenceType) Parse(f *Field, raw any, _ Scope) (any, error) {
	s, ok := raw.(string)
	if s = strings.TrimSpace(s); !ok || s == "" || len(s) > 64 {
		return nil, mustBe("the id of "+article(f.To), raw)
	}
	return s, nil
}
