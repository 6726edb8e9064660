package schema_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

const club = `
entity: club
fields:
  name: {type: text, search: true}
  head: {type: reference, to: member}
  board: {type: list, of: {type: reference, to: person, inverse: boardOf}}
  rooms: {type: list, of: {type: object, fields: {keeper: {type: reference, to: person, inverse: keeps}}}}
`

const guest = `
role: guest
of: person
fields:
  host: {type: reference, to: member, inverse: hosted}
`

func TestARoleIsAViewOfItsBase(t *testing.T) {
	t.Parallel()
	m := load(t, guest, member, person, club) // the order of files does not matter
	base, role := m.Entity("person"), m.Entity("member")
	var got []string
	for _, f := range role.Fields {
		got = append(got, f.Name+" "+f.StoragePath())
	}
	want := []string{"name name", "city city", "roles roles", "mergedInto mergedInto", "since member.since", "until member.until", "grade member.grade", "points member.points"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields of the role and where they are stored (-want +got):\n%s", diff)
	}
	if !role.IsRole() || role.Stored() != base || base.Stored() != base || base.IsRole() {
		t.Error("the role must be stored in its base, and the base in itself")
	}
	if got := base.Field("roles").Of.Options.Values(); cmp.Diff([]string{"guest", "member"}, got) != "" {
		t.Errorf("roles that %s can hold = %v, want guest and member", base.Name, got)
	}
	if got, want := role.FromStorage("member.grade"), "grade"; got != want {
		t.Errorf("FromStorage = %q, want %q", got, want)
	}
	if got, want := base.FromStorage("member.grade"), "member.grade"; got != want {
		t.Errorf("FromStorage = %q, want %q", got, want)
	}
	for name, want := range map[string]string{"grade": "member.grade", "name": "name", "points.x": "member.points.x", "since": "member.since", "createdAt": "createdAt", "nothing": "nothing"} {
		if got := role.ToStorage(name); got != want {
			t.Errorf("ToStorage(%q) = %q, want %q", name, got, want)
		}
	}
	holds := role.HasRole()
	if !holds.Match(values{"roles": []any{"guest", "member"}}) || holds.Match(values{"roles": []any{"guest"}, "member": values{"grade": "a"}}) {
		t.Error("HasRole must match who holds the role now, and nobody else")
	}
	if !base.HasRole().IsZero() {
		t.Error("HasRole of a base must match every record")
	}
}

func TestReferencesAndTheirOtherSides(t *testing.T) {
	t.Parallel()
	m := load(t, person, member, guest, club)
	tests := map[string][]string{ // entity: references to it
		"person": {"person.guest.host → member.hosted", "club.head → member.clubs", "club.board → person.boardOf list", "club.rooms.keeper → person.keeps list"},
		"member": {"person.guest.host → member.hosted", "club.head → member.clubs", "club.board → person.boardOf list", "club.rooms.keeper → person.keeps list"},
		"guest":  {"club.board → person.boardOf list", "club.rooms.keeper → person.keeps list"},
		"club":   nil,
	}
	for name, want := range tests {
		var got []string
		for _, r := range m.ReferencesTo(m.Entity(name)) {
			s := fmt.Sprintf("%s.%s → %s.%s", r.From.Name, r.Path, r.To.Name, r.Inverse)
			if r.InList {
				s += " list"
			}
			got = append(got, s)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("references to %s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAtFindsTheFieldOfAStoragePath(t *testing.T) {
	t.Parallel()
	m := load(t, shop, person, member)
	tests := map[string]struct {
		want   string // type; "" for no field
		inList bool
	}{
		"name": {"text", false}, "price": {"money", false}, "price.amount": {"decimal", false}, "price.tax": {"", false}, "phone.e164": {"text", false},
		"tags": {"text", true}, "friends": {"reference", true}, "lines": {"object", true}, "lines.item": {"reference", true}, "lines.item.name": {"", true},
		"home.city": {"text", false}, "home.city.x": {"", false}, "createdAt": {"datetime", false}, "": {"", false}, "nothing": {"", false},
	}
	for path, tt := range tests {
		f, inList := m.Entity("shop").At(path)
		got := ""
		if f != nil {
			got = f.Type
		}
		if got != tt.want || inList != tt.inList {
			t.Errorf("At(%q) = %q, in a list: %v; want %q, %v", path, got, inList, tt.want, tt.inList)
		}
	}
	for entity, path := range map[string]string{"member": "member.grade", "person": "member.grade"} {
		if f, _ := m.Entity(entity).At(path); f == nil || f.Type != "enum" {
			t.Errorf("At(%q) of %s = %v, want the enum of the role", path, entity, f)
		}
	}
}

func TestFindSuggestsTheNearestEntity(t *testing.T) {
	t.Parallel()
	m := load(t, person, member)
	if e, err := m.Find("member"); err != nil || e != m.Entity("member") {
		t.Errorf("Find(member) = %v, %v", e, err)
	}
	_, err := m.Find("memebr")
	if want := `no such entity: "memebr"; did you mean "member"`; !errors.Is(err, schema.ErrNoEntity) || err.Error() != want {
		t.Errorf("Find(memebr) = %v, want %s", err, want)
	}
	if (*schema.Model)(nil).Entity("member") != nil {
		t.Error("a model that is not there yet must have no entities")
	}
}

func TestTitles(t *testing.T) {
	t.Parallel()
	m := load(t, person, member, club)
	for name, want := range map[string]string{"club": "name", "person": ""} {
		got := ""
		if f := m.Entity(name).TitleField(); f != nil {
			got = f.Name
		}
		if got != want {
			t.Errorf("TitleField of %s = %q, want %q", name, got, want)
		}
	}
	f := &schema.Field{Name: "size", Labels: schema.Text{"en": "Size", "de": "Größe"}}
	for language, want := range map[string]string{"de": "Größe", "en": "Size", "fr": "Size"} {
		if got := f.Label(language); got != want {
			t.Errorf("Label(%s) = %q, want %q", language, got, want)
		}
	}
	if got := (&schema.Field{Name: "size"}).Label("en"); got != "size" {
		t.Errorf("Label without labels = %q, want the name", got)
	}
}

func TestARolesWordsAreFoundThroughItsOwnViewAndTheBase(t *testing.T) {
	t.Parallel()
	m := load(t, `
entity: person
plural: people
fields: {name: {type: text, search: true}}
`, `
role: member
of: person
fields:
  number: {type: autonumber, format: "M-{000}", unique: true, search: true}
`, `
role: guest
of: person
fields: {note: {type: text}}
`)
	base := m.Entity("person")
	words := base.SearchWords(values{"name": "Ana", "member": values{"number": "M-007"}})
	if diff := cmp.Diff([]string{"ana", "member:007", "member:m"}, words); diff != "" {
		t.Errorf("SearchWords (-want +got):\n%s", diff)
	}
	for view, want := range map[string][][]string{
		"person": {{"ana", "member:ana"}, {"7", "member:7"}},
		"member": {{"ana", "member:ana"}, {"7", "member:7"}},
		"guest":  {{"ana"}, {"7"}},
	} {
		if diff := cmp.Diff(want, m.Entity(view).SearchTerms("Aña 7")); diff != "" {
			t.Errorf("SearchTerms of %s (-want +got):\n%s", view, diff)
		}
	}
	if unique := m.Entity("member").UniqueFields(); len(unique) != 1 || unique[0].StoragePath() != "member.number" {
		t.Errorf("UniqueFields of the role = %v, want its number", unique)
	}
}
