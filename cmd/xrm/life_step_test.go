package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// step does what a user could, and holds the answer against what must be.
func (l *life) step() {
	l.Helper()
	live, gone := alive(l.plots)
	switch n := l.r.IntN(20); {
	case len(live) < 5 || n < 4 && len(live) < 60:
		l.next++
		k := &kept{key: fmt.Sprint("plot ", l.next), values: map[string]any{}}
		l.write(k)
	case n < 11:
		l.write(pick(l.r, live))
	case n < 13:
		l.remove(pick(l.r, live))
	case n < 14 && len(gone) > 0:
		l.restore(pick(l.r, gone))
	case n < 17 && l.served.tools:
		l.makeTool(pick(l.r, l.plots))
	default:
		l.meet()
	}
}

// alive divides records into those that live and those that do not.
func alive(all []*kept) (live, gone []*kept) {
	for _, k := range all {
		if k.deleted {
			gone = append(gone, k)
		} else {
			live = append(live, k)
		}
	}
	return live, gone
}

// write creates or changes a plot. Where the server was killed meanwhile, either
// all of it is there or nothing.
func (l *life) write(k *kept) {
	l.Helper()
	after := k.clone()
	data := map[string]any{"note": fmt.Sprint("only ", l.r.IntN(1000))}
	after.note = data["note"].(string)
	if k.id == "" || l.r.IntN(3) > 0 {
		after = k.clone()
		data = l.data(after)
	}
	query := `mutation($id: ID!, $data: PlotInput!) { done: updatePlot(id: $id, data: $data) { plot { id } } }`
	variables := map[string]any{"id": k.id, "data": data}
	if k.id == "" {
		data["key"] = k.key
		query = `mutation($data: PlotInput!) { done: createPlot(data: $data) { plot { id } } }`
		variables = map[string]any{"data": data}
	}
	answer, err := l.send(query, variables)
	switch {
	case errors.Is(err, errInterrupted):
		got := l.look(k.key)
		switch {
		case got == nil && k.id == "":
			return
		case got != nil && after.differs(l.served, got) == "":
			after.id = got["id"].(string)
		case got == nil || k.id == "" || k.differs(l.served, got) != "":
			l.Fatalf("after a kill the record %s is neither as before nor as after: %v", k.key, got)
		default:
			return
		}
	case err != nil && len(data) == 1 && l.missing(k):
		if said := refusal(err); !strings.HasPrefix(said, "INVALID The plot was not saved: some fields need attention. ") || !strings.Contains(said, "is required") {
			l.Fatalf("a record without a value that is required now answers %s", said)
		}
		return
	case err != nil:
		l.Fatalf("the record %s is frozen: %s", k.key, refusal(err))
	default:
		after.id = field(answer, "done", "plot", "id").(string)
	}
	if k.id == "" {
		l.plots = append(l.plots, k)
	}
	*k = *after
	for _, s := range l.served.spots {
		if s.there {
			l.filled[s.path()] = true
		}
	}
}

// missing says whether the next change of the record must bring a value.
func (l *life) missing(k *kept) bool {
	return len(k.lacks(l.served.in(""))) > 0 || k.box && len(k.lacks(l.served.in("box"))) > 0 || l.lackInRows(k)
}

// look reads a live plot; nil when there is none.
func (l *life) look(key string) map[string]any {
	l.Helper()
	answer := l.must(`query($key: String!) { found: plotBy(key: {key: $key}) { `+l.served.selection()+` } }`, map[string]any{"key": key})
	got, _ := answer["found"].(map[string]any)
	return got
}

// remove deletes a plot. What refers to it decides, and follows.
func (l *life) remove(k *kept) {
	l.Helper()
	var on []*kept
	for _, t := range l.tools {
		if t.plot == k.id && !t.deleted {
			on = append(on, t)
		}
	}
	_, err := l.ask(`mutation($id: ID!) { deletePlot(id: $id) { outcome } }`, map[string]any{"id": k.id})
	refused := l.served.tools && l.served.onDelete == "refuse" && len(on) > 0
	switch {
	case err != nil && refused && strings.HasPrefix(refusal(err), "CONFLICT"):
		return
	case err != nil && !strings.HasPrefix(refusal(err), "NOT_FOUND"), refused: // of which NOT_FOUND is what it is after a kill
		l.Fatalf("the deletion of %s, to which %d tools refer (%s), answers %s", k.key, len(on), l.served.onDelete, refusal(err))
	}
	k.turned(l.served, true)
	for _, t := range on {
		switch {
		case !l.served.tools:
		case l.served.onDelete == "cascade":
			t.deleted, t.with = true, k.id
		case l.served.onDelete == "clear":
			t.plot = ""
		}
	}
}

// restore brings a plot back, with what its deletion took along.
func (l *life) restore(k *kept) {
	l.Helper()
	if _, err := l.ask(`mutation($id: ID!) { restorePlot(id: $id) { outcome } }`, map[string]any{"id": k.id}); err != nil && !strings.HasPrefix(refusal(err), "CONFLICT The plot is not deleted.") {
		if strings.Contains(refusal(err), "is required") && l.missing(k) || strings.HasPrefix(refusal(err), "CONFLICT") {
			return
		}
		l.Fatalf("the restoring of %s answers %s", k.key, refusal(err))
	}
	k.turned(l.served, false)
	if !l.served.tools || l.served.onDelete != "cascade" {
		return // what went along then stays where it is, until the plot is restored under that rule
	}
	for _, t := range l.tools {
		if t.with == k.id {
			t.deleted, t.with = false, ""
		}
	}
}

// makeTool creates what refers to a plot, and to a person.
func (l *life) makeTool(plot *kept) {
	l.Helper()
	l.next++
	t := &kept{key: fmt.Sprint("tool ", l.next), plot: plot.id}
	answer, err := l.ask(`mutation($key: String!, $plot: ID!) { upsertTool(by: key, data: {key: $key, plot: $plot}) { tool { id } } }`, map[string]any{"key": t.key, "plot": plot.id})
	switch {
	case plot.deleted && err != nil:
		return
	case err != nil:
		l.Fatalf("a tool of %s is refused: %s", plot.key, refusal(err))
	case plot.deleted:
		l.Fatalf("a tool refers to %s, which is deleted", plot.key)
	}
	t.id = field(answer, "upsertTool", "tool", "id").(string)
	l.tools = append(l.tools, t)
}

// compare reads all there is and holds it against what must be.
func (l *life) compare() {
	l.Helper()
	wants, _ := alive(l.plots)
	for _, got := range l.all("plots", l.served.selection()) {
		i := slices.IndexFunc(wants, func(k *kept) bool { return k.key == got["key"] })
		if i < 0 {
			l.Errorf("there is a plot %v, which is deleted or never was", got["key"])
			continue
		}
		if difference := wants[i].differs(l.served, got); difference != "" {
			l.Errorf("%s is falsified: %s", wants[i].key, difference)
		}
		wants = slices.Delete(wants, i, i+1)
	}
	if len(wants) > 0 {
		l.Errorf("%s is lost, and %d more", wants[0].key, len(wants)-1)
	}
	l.compareTools()
	l.comparePeople()
	if l.Failed() {
		l.FailNow()
	}
}

func (l *life) compareTools() {
	l.Helper()
	if !l.served.tools {
		return
	}
	wants, _ := alive(l.tools)
	for _, got := range l.all("tools", "id key plot { id }") {
		i := slices.IndexFunc(wants, func(k *kept) bool { return k.key == got["key"] })
		if i < 0 {
			l.Errorf("there is a tool %v, which is deleted or never was", got["key"])
			continue
		}
		want := wants[i]
		if plot := said(field(got, "plot", "id")); plot != want.plot && !l.keeps(want.plot) {
			l.Errorf("%s refers to %q, want %q", want.key, plot, want.plot)
		}
		wants = slices.Delete(wants, i, i+1)
	}
	if len(wants) > 0 {
		l.Errorf("%s is lost, and %d more", wants[0].key, len(wants)-1)
	}
}

// keeps says whether a reference leads to a deleted record, as it may where the
// deletion left it or did not know of it.
func (l *life) keeps(id string) bool {
	return slices.ContainsFunc(l.plots, func(k *kept) bool { return k.id == id && k.deleted })
}

// all reads every record of a list.
func (l *life) all(list, selection string) (nodes []map[string]any) {
	l.Helper()
	after := any(nil)
	for {
		answer := l.must(`query($after: String) { page: `+list+`(first: 50, after: $after, orderBy: [{createdAt: ASC}]) { nodes { `+selection+` } pageInfo { hasNextPage endCursor } } }`, map[string]any{"after": after})
		for _, node := range field(answer, "page", "nodes").([]any) {
			nodes = append(nodes, node.(map[string]any))
		}
		if field(answer, "page", "pageInfo", "hasNextPage") != true {
			return nodes
		}
		after = field(answer, "page", "pageInfo", "endCursor")
	}
}
