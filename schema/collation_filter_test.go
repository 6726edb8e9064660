package schema

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func namedKeys(by *Collation, alone bool) SortKeys {
	return SortKeys{By: by, At: func(path string, _ Op) (string, bool) {
		if path != "name" {
			return "", false
		}
		return "sort:name", alone
	}}
}

func TestFiltersSayWhatTheKeysOfTextsAre(t *testing.T) {
	by := StandardCollation()
	key := by.Key
	from, to, _ := by.Beginning("Me", false)
	anyFrom, anyTo, _ := by.Beginning("Me", true)
	is := func(path string, op Op, value any) Filter { return Filter{Path: path, Op: op, Value: value} }
	stretch := []Filter{is("sort:name", OpGte, from), is("sort:name", OpLt, to)}
	tests := map[string]struct {
		filter Filter
		order  string
		shared bool // an index has the texts as well
		want   []Filter
	}{
		"a text":                        {filter: is("name", OpEq, "Meier"), want: []Filter{is("sort:name", OpEq, key("Meier"))}},
		"a text with an index":          {filter: is("name", OpEq, "Meier"), shared: true},
		"another field":                 {filter: is("code", OpEq, "Meier")},
		"some":                          {filter: is("name", OpIn, []any{"A", "B"}), want: []Filter{is("sort:name", OpIn, []any{key("A"), key("B")})}},
		"none":                          {filter: is("name", OpIsNull, true), want: []Filter{is("sort:name", OpIsNull, true)}},
		"any":                           {filter: is("name", OpIsNull, false)},
		"another text":                  {filter: is("name", OpNe, "Meier")},
		"a beginning":                   {filter: is("name", OpStartsWith, "Me"), want: stretch},
		"a beginning with an index":     {filter: is("name", OpStartsWith, "Me"), shared: true},
		"a beginning in its order":      {filter: is("name", OpStartsWith, "Me"), shared: true, order: "name", want: stretch},
		"a beginning of any case":       {filter: is("name", OpStartsWithAnyCase, "Me"), shared: true, want: []Filter{is("sort:name", OpGte, anyFrom), is("sort:name", OpLt, anyTo)}},
		"what is greater":               {filter: is("name", OpGt, "Meier")},
		"what no text is compared with": {filter: is("name", OpEq, Var("x"))},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := namedKeys(by, !tt.shared).Filter(tt.filter, tt.order)
			if diff := cmp.Diff(append([]Filter{tt.filter}, tt.want...), got.Parts()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	between := All(is("name", OpGte, "Mea"), is("name", OpLt, "Mez"))
	if diff := cmp.Diff(append(stretch, between.And...), namedKeys(by, true).Filter(between, "").Parts()); diff != "" {
		t.Errorf("between two: -want +got:\n%s", diff)
	}
}

// TestKeysLetFiltersSelectTheSame asks records with the keys of their texts.
func TestKeysLetFiltersSelectTheSame(t *testing.T) {
	letters := []rune("aAäÄbBßsé0-z ")
	text := func() string {
		text := make([]rune, rand.IntN(4))
		for i := range text {
			text[i] = letters[rand.IntN(len(letters))]
		}
		return string(text)
	}
	one := func() Filter {
		f := Filter{Path: "name", Field: &Field{Name: "name", Type: "text"}, Value: text()}
		switch f.Op = []Op{OpEq, OpNe, OpIn, OpIsNull, OpStartsWith, OpEndsWith, OpGt, OpGte, OpLt, OpLte, OpEqAnyCase, OpStartsWithAnyCase}[rand.IntN(12)]; f.Op {
		case OpIn:
			f.Value = []any{text(), text()}
		case OpIsNull:
			f.Value = rand.IntN(2) == 0
		}
		return f
	}
	matched, by := 0, StandardCollation()
	for range 20_000 {
		f := []Filter{one(), All(one(), one()), Any(one(), All(one(), one())), {Not: new(one())}}[rand.IntN(4)]
		values := map[string]any{}
		if rand.IntN(9) > 0 {
			name := text()
			values["name"], values["sort:name"] = name, by.Key(name)
		}
		want := f.Match(values)
		if want {
			matched++
		}
		if got := namedKeys(by, true).Filter(f, "").Match(values); got != want {
			t.Fatalf("%+v matches %v: %v with its keys, %v without", f, values, got, want)
		}
	}
	if matched < 1000 {
		t.Errorf("only %d filters matched", matched)
	}
}
