package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

func loadThing(fields string) (*schema.Model, error) {
	return schema.Load(schema.Source{File: "thing.yaml", Data: []byte("entity: thing\nfields:\n" + fields)})
}

func TestADeprecatedOptionIsKeptAndNotChosen(t *testing.T) {
	const options = "options: {red: {en: Red}, amber: {en: Amber, deprecated: true}, gold: {deprecated: sold out}, blue: {deprecated: false}}"
	m, err := loadThing(`  color: {type: enum, ` + options + `}
  colors: {type: list, of: {type: enum, ` + options + `}}
  place: {type: object, fields: {color: {type: enum, ` + options + `}, floor: {type: integer}}}
  lines: {type: list, of: {type: object, fields: {color: {type: enum, ` + options + `}, n: {type: integer}}}}
  old: {type: enum, options: {gone: {deprecated: true}}}
`)
	if err != nil {
		t.Fatal(err)
	}
	thing := m.Entity("thing")
	line := func(color string, n int64) map[string]any { return map[string]any{"color": color, "n": n} }
	before := map[string]any{
		"color": "amber", "colors": []any{"amber", "red"}, "place": map[string]any{"color": "amber", "floor": int64(1)}, "lines": []any{line("amber", 1), line("red", 2)},
	}
	after := map[string]any{
		"color": "amber", "colors": []any{"red", "blue", "amber"}, "place": map[string]any{"color": "amber", "floor": int64(2)}, "lines": []any{line("blue", 5), line("amber", 3)},
	}
	if violations := thing.CheckOptions(before, after); violations != nil {
		t.Errorf("what was there: %v", violations)
	}
	got := thing.CheckOptions(nil, map[string]any{
		"color": "gold", "colors": []any{"red", "amber"}, "place": map[string]any{"color": "gold"}, "lines": []any{line("red", 1), line("amber", 1)}, "old": "gone",
	})
	const instead = ": choose one of red, blue"
	var lines []string
	for _, v := range got {
		lines = append(lines, fmt.Sprintf("%s %s", v.Field, v.Message))
	}
	want := []string{
		"color gold is deprecated (sold out)" + instead, "colors[1] amber is deprecated" + instead, "place.color gold is deprecated (sold out)" + instead,
		"lines[1].color amber is deprecated" + instead, "old gone is deprecated: leave it empty, since all its options are",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := thing.CheckOptions(before, map[string]any{"color": "gold"}); len(got) != 1 {
		t.Errorf("from one deprecated option to another: %v", got)
	}
}

func TestNoRecordBeginsWithADeprecatedOption(t *testing.T) {
	for fields, want := range map[string]string{
		"  color: {type: enum, options: {red: {}, amber: {deprecated: true}}, default: amber}\n":                                     `thing.yaml:3: field "color": default amber is deprecated: choose one of red`,
		"  state: {type: state, options: {open: {next: [done]}, done: {}, new: {deprecated: true, next: [open]}}, default: new}\n":   `thing.yaml:3: field "state": default new is deprecated: choose one of open, done`,
		"  state: {type: state, options: {open: {next: [done]}, done: {}, new: {deprecated: true, initial: true}}, default: open}\n": `thing.yaml:3: field "state": state "new" is deprecated: no record begins in it, so it cannot be initial`,
		"  color: {type: enum, options: {red: {}, amber: {deprecated: [a]}}}\n":                                                      `thing.yaml:3:`,
		"  state: {type: state, options: {open: {}, done: {}, new: {deprecated: true, next: [open]}}, default: open}\n":              `no record ever comes to the state "done"`,
		"  state: {type: state, options: {open: {next: [old]}, old: {deprecated: true, next: [done]}, done: {}}, default: open}\n":   ``,
		"  tags: {type: list, of: {type: enum, options: {red: {}, amber: {deprecated: no longer sold}}}, default: [red, amber]}\n":   `thing.yaml:3: field "tags": default[1] amber is deprecated (no longer sold): choose one of red`,
	} {
		_, err := loadThing(fields)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%sgot  %v\nwant %s", fields, err, want)
		}
	}
}

func TestNothingGoesToADeprecatedState(t *testing.T) {
	m, err := loadThing("  state: {type: state, options: {open: {next: [held, done]}, held: {deprecated: true, next: [done]}, done: {}}, default: open}\n")
	if err != nil {
		t.Fatal(err)
	}
	in := func(state string) map[string]any { return map[string]any{"state": state} }
	thing := m.Entity("thing")
	if got := thing.CheckOptions(in("open"), in("held")); len(got) != 1 || got[0].Message != "held is deprecated: choose one of open, done" {
		t.Errorf("to it: %v", got)
	}
	if got := append(thing.CheckStates(in("held"), in("done")), thing.CheckOptions(in("held"), in("done"))...); len(got) > 0 {
		t.Errorf("from it: %v", got)
	}
	if got := thing.CheckStates(in("held"), in("open")); len(got) != 1 || got[0].Message != "cannot go from held to open, only to done" {
		t.Errorf("where it does not lead: %v", got)
	}
	if got := thing.CheckStates(in("open"), in("nowhere")); len(got) != 1 || !strings.HasSuffix(got[0].Message, "only to done") {
		t.Errorf("what is offered instead: %v", got)
	}
}
