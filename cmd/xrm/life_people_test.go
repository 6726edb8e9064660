package main

import (
	"fmt"
	"slices"
	"strings"
)

// meet makes a person who holds the role, changes one, or makes one of two.
func (l *life) meet() {
	l.Helper()
	live, _ := alive(l.people)
	switch n := l.r.IntN(6); {
	case len(live) < 4 || n < 2 && len(live) < 30:
		l.next++
		k := &kept{key: fmt.Sprint("person ", l.next), values: map[string]any{}}
		l.person(k)
	case n < 4:
		l.person(pick(l.r, live))
	default:
		from, into := pick(l.r, live), pick(l.r, live)
		if from != into {
			l.merge(from, into)
		}
	}
}

// person creates or changes one, as often as it takes: a person is found by its
// number.
func (l *life) person(k *kept) {
	l.Helper()
	data := map[string]any{"pressNote": fmt.Sprint("note ", l.r.IntN(1000))}
	k.note = data["pressNote"].(string)
	if k.id == "" {
		data["pressNumber"], data["kind"], data["displayName"] = k.key, "person", k.key
	}
	missing := k.lacks(l.served.in("press"))
	for _, s := range l.served.in("press") {
		switch {
		case slices.Contains(missing, s) || l.r.IntN(3) == 0:
			v := s.value(l.r)
			data[s.name], k.values[s.path()] = v, v
			l.filled[s.path()] = true
		case s.required && k.values[s.path()] == nil: // it gets the default, which a merge holds against others
			k.values[s.path()] = s.standard
			l.filled[s.path()] = true
		}
	}
	if k.id == "" {
		answer := l.must(`mutation($data: PressInput!) { done: upsertPress(by: pressNumber, data: $data) { press { id } } }`, map[string]any{"data": data})
		k.id = field(answer, "done", "press", "id").(string)
		l.people = append(l.people, k)
		return
	}
	l.must(`mutation($id: ID!, $data: PressInput!) { updatePress(id: $id, data: $data) { outcome } }`, map[string]any{"id": k.id, "data": data})
}

// merge makes one party of two, as often as it takes. The survivor gets what it
// lacks.
func (l *life) merge(from, into *kept) {
	l.Helper()
	_, err := l.ask(`mutation($from: ID!, $into: ID!) { mergeParties(from: $from, into: $into) { outcome } }`, map[string]any{"from": from.id, "into": into.id})
	if err != nil {
		if missing := append(into.lacks(l.served.in("press")), from.lacks(l.served.in("press"))...); len(missing) > 0 && strings.Contains(refusal(err), "is required") {
			return
		}
		l.Fatalf("the merge of %s into %s answers %s", from.key, into.key, refusal(err))
	}
	from.deleted, from.with = true, into.id
	for path, value := range from.values {
		had := into.values[path]
		switch list, isList := value.([]any); {
		case !l.served.spot(path).there: // it stays with the duplicate
		case had == nil:
			into.values[path] = value
		case isList:
			into.values[path] = joined(had.([]any), list)
		}
	}
}

// joined is a list with what it lacks of another.
func joined(list, other []any) []any {
	list = slices.Clone(list)
	for _, item := range other {
		if !slices.Contains(list, item) {
			list = append(list, item)
		}
	}
	return list
}

func (l *life) comparePeople() {
	l.Helper()
	names := "pressNote"
	for _, s := range l.served.in("press") {
		names += " " + s.name
	}
	live, gone := alive(l.people)
	found := map[string]map[string]any{}
	for _, got := range l.all("parties", "id displayName press { "+names+" }") {
		found[got["id"].(string)] = got
	}
	for _, k := range live {
		got := found[k.id]
		if got == nil {
			l.Errorf("%s is lost", k.key)
			continue
		}
		if note := said(field(got, "press", "pressNote")); note != k.note {
			l.Errorf("%s is falsified: pressNote is %q, want %q", k.key, note, k.note)
		}
		for _, s := range l.served.in("press") {
			switch want, have := said(k.values[s.path()]), said(field(got, "press", s.name)); {
			case want == have:
			case want == "" && s.required && have == s.standard:
				k.values[s.path()] = have
			default:
				l.Errorf("%s is falsified: %s is %q, want %q", k.key, s.name, have, want)
			}
		}
	}
	for _, k := range gone {
		if found[k.id] != nil {
			l.Errorf("%s is there, and was merged", k.key)
		}
	}
}
