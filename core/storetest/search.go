package storetest

import (
	"github.com/openxrm/xrm/core"
)

func searchTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"each word is the beginning of a word":         searchWords,
		"it goes together with filter, order and page": searchNarrows,
		"it follows what changes":                      searchFollows,
		"a word may have alternatives":                 searchAlternatives,
		"both spellings of an umlaut are one":          searchSpellings,
	}
}

// searched returns the names of what a text finds.
func (d *desk) searched(q core.Query, text string) []any {
	d.t.Helper()
	q.Search = d.thing.SearchTerms(text)
	if q.First == 0 {
		q.First = -1
	}
	var names []any
	for _, r := range d.find(d.thing, q) {
		names = append(names, r.Values["name"])
	}
	return names
}

func searchWords(d *desk) {
	d.createAll(d.thing,
		values{"name": "Straße der Tänzer", "note": "im Osten"},
		values{"name": "STRASSENBAHN", "tags": list("öffentlich", "Verkehr")},
		values{"name": "Łódź", "place": values{"city": "São Paulo"}, "phone": values{"raw": "030 / 0074-321", "e164": "+49300074321"}},
		values{"name": "東京都", "lines": list(values{"text": "Москва weit"}, values{"text": "Αθήνα"})},
		values{"body": "Straße, not searched"},
	)
	for text, want := range map[string][]any{
		"strasse":         {"Straße der Tänzer", "STRASSENBAHN"},
		"Straße":          {"Straße der Tänzer", "STRASSENBAHN"},
		"str tanz":        {"Straße der Tänzer"},
		"ost STR":         {"Straße der Tänzer"},
		"rasse":           nil,
		"strassenbahnen":  nil,
		"offent verkehr":  {"STRASSENBAHN"},
		"lodz":            {"Łódź"},
		"sao":             {"Łódź"},
		"0300074":         {"Łódź"},
		"4930":            {"Łódź"},
		"東京":              {"東京都"},
		"москва αθηνα":    {"東京都"},
		"str verkehr ost": nil,
		"taenz":           {"Straße der Tänzer"},
		"tänz":            {"Straße der Tänzer"},
		"":                {"Straße der Tänzer", "STRASSENBAHN", "Łódź", "東京都", nil},
	} {
		d.same("search "+text, d.searched(core.Query{}, text), want)
	}
}

func searchNarrows(d *desk) {
	d.createAll(d.thing,
		values{"name": "Anna", "color": "red", "size": int64(1)},
		values{"name": "Anne", "color": "red", "size": int64(3)},
		values{"name": "Annika", "color": "blue", "size": int64(2)},
		values{"name": "Bert", "color": "red", "size": int64(4)},
	)
	q := core.Query{OrderBy: order(d.thing, "-size")}
	d.same("ordered", d.searched(q, "ann"), []any{"Anne", "Annika", "Anna"})
	q.First = 1
	d.same("first", d.searched(q, "ann"), []any{"Anne"})
	q.Filter = d.where(d.thing, values{"color": values{"eq": "red"}})
	q.First = -1
	d.same("filtered", d.searched(q, "ann"), []any{"Anne", "Anna"})
	q.After = []any{int64(3), "0"}
	d.same("after", d.searched(q, "ann"), []any{"Anna"})
}

func searchFollows(d *desk) {
	r := d.create(d.thing, values{"name": "Anna Meier", "tags": list("gold")})
	d.same("before", d.searched(core.Query{}, "meier gold"), []any{"Anna Meier"})
	r = d.do(d.thing, core.Updated, r, values{"name": "Anna Schulz", "tags": list("silber")})
	d.same("the old name", d.searched(core.Query{}, "meier"), list())
	d.same("the old tag", d.searched(core.Query{}, "gold"), list())
	d.same("the new name", d.searched(core.Query{}, "schulz anna silb"), []any{"Anna Schulz"})
	tag := core.Query{Filter: d.where(d.thing, values{"tags": values{"some": values{"eq": "gold"}}}), First: -1}
	d.same("the old tag by filter", ids(d.find(d.thing, tag)), []string{})
	r = d.do(d.thing, core.Deleted, r, r.Values)
	d.same("deleted", d.searched(core.Query{}, "schulz"), list())
	d.same("deleted, asked for", d.searched(core.Query{Deleted: true}, "schulz"), []any{"Anna Schulz"})
	d.do(d.thing, core.Restored, r, r.Values)
	d.same("restored", d.searched(core.Query{}, "schulz"), []any{"Anna Schulz"})
}

func searchAlternatives(d *desk) {
	d.createAll(d.thing, values{"name": "apple tart"}, values{"name": "pear tart"}, values{"name": "apple"})
	q := core.Query{Search: [][]string{{"app", "pe"}, {"tar"}}, First: -1}
	var names []any
	for _, r := range d.find(d.thing, q) {
		names = append(names, r.Values["name"])
	}
	d.same("search", names, []any{"apple tart", "pear tart"})
	q.Search = [][]string{{"app"}, {}}
	d.same("search with a term that has no alternative", ids(d.find(d.thing, q)), []string{})
}

func searchSpellings(d *desk) {
	d.createAll(d.thing, values{"name": "Müller"}, values{"name": "Mueller"}, values{"name": "Muller"}, values{"name": "Muster"}, values{"name": "Straße"}, values{"name": "Strasse"})
	both := []any{"Müller", "Mueller", "Muller"}
	for text, want := range map[string][]any{
		"müller": both, "MÜLLER": both, "mu\u0308ller": both, "mueller": {"Müller", "Mueller"}, "MUELL": {"Müller", "Mueller"}, "mue": {"Müller", "Mueller"},
		"muller": {"Müller", "Muller"}, "strasse": {"Straße", "Strasse"}, "Straße": {"Straße", "Strasse"},
	} {
		d.same("search "+text, d.searched(core.Query{}, text), want)
	}
}
