package importer

import (
	"testing"

	"github.com/openxrm/xrm/cmd/xrm/importer/table"
)

func TestNoMoreRowsWaitThanFitIntoMemory(t *testing.T) {
	party := &Entity{Name: "party", Plural: "parties", Fields: []*Field{{Name: "code", Type: "text", Unique: true}}}
	look := &lookup{entity: party, by: party.Fields[0], ids: map[string]found{}}
	code := &binding{target: target{path: "code", steps: []step{{name: "code"}}, field: party.Fields[0]}}
	head := &binding{target: target{path: "head", steps: []step{{name: "head"}}, field: &Field{Name: "head", Type: "reference"}}, lookup: look, label: "head"}
	w := newWaiting(&plan{entity: party, bindings: []*binding{code, head}})
	child := func() *record {
		return &record{
			rows: []table.Row{{Line: 2, Cells: []string{"c", "p"}}}, values: map[string]any{"code": "c"},
			refs: []reference{{binding: head, wanted: []*wantedRef{{lookup: look, value: "p", text: "p"}}}},
		}
	}
	first := child()
	if ready := w.hold([]*record{first}); len(ready) != 0 || w.count != 1 {
		t.Fatalf("%d are ready, %d wait", len(ready), w.count)
	}
	parent := &record{rows: []table.Row{{Line: 3}}, values: map[string]any{"code": "p"}}
	if freed := w.release([]*record{parent}); len(freed) != 1 || freed[0] != first || w.size != 0 || w.count != 0 {
		t.Fatalf("%d are free, %d wait with %d bytes", len(freed), w.count, w.size)
	}

	w = newWaiting(&plan{entity: party, bindings: []*binding{code, head}})
	w.size = maxWaiting + 1
	second := child()
	if ready := w.hold([]*record{second}); len(ready) != 1 {
		t.Fatalf("%d are ready", len(ready))
	}
	second.resolve(func(*wantedRef) bool { return false })
	want := `head refers to the party with code "p", which does not exist yet; rows of 64 MB wait for others already, so let what is referred to stand above, or import the rejected rows afterwards`
	if len(second.faults) != 1 || second.faults[0].reason != want {
		t.Errorf("got  %+v\nwant %s", second.faults, want)
	}
}
