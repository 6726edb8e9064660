package forms_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/forms"
)

func TestWhatIsStoredGetsTheFormsOfToday(t *testing.T) {
	onBothStores(t, func(w *world) {
		old := values{
			"code": "Ko\u0308rner", "name": "Mu\u0308ller\u00a0AG", "note": "\u200b", "mail": "Info@XN--mller-kva.de", "site": "Example.org/A",
			"country": "DE", "phone": values{"raw": "030 1234567 App. 12", "e164": "+4930123456727712"}, "gone": "u\u0308",
			"place": values{"city": "Ko\u0308ln", "mail": "A@B.de", "gone": "u\u0308"}, "tags": []any{"u\u0308", "v"},
			"lines": []any{values{"phone": values{"raw": "0 30/1234567"}, "sites": []any{"HTTP://A.org", "b.org"}, "gone": "u\u0308"}},
		}
		want := values{
			"code": "Körner", "name": "Müller AG", "mail": "info@müller.de", "site": "https://example.org/A",
			"country": "DE", "phone": values{"raw": "030 1234567 App. 12", "e164": "+49301234567", "extension": "12"}, "gone": "u\u0308",
			"place": values{"city": "Köln", "mail": "a@b.de", "gone": "u\u0308"}, "tags": []any{"ü", "v"},
			"lines": []any{values{"phone": values{"raw": "0 30/1234567", "e164": "+49301234567"}, "sites": []any{"http://a.org", "https://b.org"}, "gone": "u\u0308"}},
		}
		if w.due() {
			w.Error("something is due in a new database")
		}
		w.put("old", false, old)
		w.put("deleted", true, values{"name": "Mu\u0308ller", "needed": "y"})
		w.put("fine", false, values{"name": "Müller", "needed": "y"})
		filters := []values{
			{"code": values{"eq": "Körner"}}, {"mail": values{"eq": "info@müller.de"}}, {"site": values{"eq": "https://example.org/A"}},
			{"phone": values{"e164": values{"eq": "+49301234567"}}}, {"tags": values{"some": values{"eq": "ü"}}}, {"place": values{"city": values{"eq": "Köln"}}},
		}
		for _, f := range filters {
			if n := w.finds(f); n != 0 {
				w.Errorf("%v finds %d before", f, n)
			}
		}
		w.start(contact, visit)
		if !w.due() {
			w.Error("nothing is due")
		}
		if got, want := w.must(), "records brought into the form of today: 2"; got != want {
			w.Errorf("it says %q, want %q", got, want)
		}
		if diff := cmp.Diff(want, w.get("old").Values); diff != "" {
			w.Errorf("-want +got:\n%s", diff)
		}
		for _, f := range filters {
			if n := w.finds(f); n != 1 {
				w.Errorf("%v finds %d after", f, n)
			}
		}
		if r := w.get("deleted"); r.Values["name"] != "Müller" || !r.Deleted() || r.Version != 2 {
			w.Errorf("the deleted one is %+v", r)
		}
		if r := w.get("fine"); r.Version != 1 {
			w.Errorf("what was in its form was written: %+v", r)
		}
		entries, err := w.History(w.Context(), w.contact(), "old", 1, 0)
		if err != nil || len(entries) != 1 || entries[0].Action != core.Updated || entries[0].Actor.ID != forms.Owner || len(entries[0].Diffs) != 11 {
			w.Errorf("the history says %+v, %v", entries, err)
		}
		if strings.Contains(w.log.String(), "level=WARN") {
			w.Errorf("the log says %s", &w.log)
		}

		// A second start has nothing to do, and doing it changes nothing.
		w.start(contact, visit)
		if w.due() {
			w.Error("it is due at the next start")
		}
		w.must()
		if r := w.get("old"); r.Version != 2 {
			w.Errorf("a second run has written %+v", r)
		}
	})
}

func TestWhatCannotGetTheFormOfTodayIsListed(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("1", false, values{"code": "Körner", "mail": "a@b.de", "name": "Mu\u0308ller", "needed": "y"})
		w.put("2", false, values{"code": "Körner\u200b", "mail": "A@B.DE", "name": "Bo\u0308ll", "needed": "y"})
		w.put("3", false, values{"name": "a\ab", "note": "longer than it may be, by far", "tags": []any{"u\u0308", "\ac"}, "needed": "y"})
		if got, want := w.must(), "records brought into the form of today: 3; values that are not in it, which the log names: 5"; got != want {
			w.Errorf("it says %q, want %q", got, want)
		}
		for id, want := range map[string]values{
			"1": {"code": "Körner", "mail": "a@b.de", "name": "Müller", "needed": "y"},
			"2": {"code": "Körner\u200b", "mail": "A@B.DE", "name": "Böll", "needed": "y"},
			"3": {"name": "a\ab", "note": "longer than it may be, by far", "tags": []any{"ü", "\ac"}, "needed": "y"},
		} {
			if diff := cmp.Diff(want, w.get(id).Values); diff != "" {
				w.Errorf("%s: -want +got:\n%s", id, diff)
			}
		}
		const taken = `msg="a value stays in its older form, since another record has what it would be: filters do not find it. Change one of the two, or merge them" entity=contact id=2 `
		const unfit = `msg="a value stays as it is, since it fits no form of today. Correct it" entity=contact id=3 `
		for _, want := range []string{
			taken + "field=code value=Körner other=1\n", taken + "field=mail value=a@b.de other=1\n",
			unfit + `field=name why="must not have control characters"`, unfit + `field=note why="must have at most 20 characters"`,
			unfit + `field=tags why="must not have control characters"`,
		} {
			if strings.Count(w.log.String(), want) != 1 {
				w.Errorf("the log lacks %s:\n%s", want, &w.log)
			}
		}

		// Who corrects one of the two may have the value, and nothing is due by that.
		if r := w.save("1", values{"code": "K"}); r.Err != nil {
			w.Fatal(r.Err)
		}
		if r := w.save("2", values{"code": "Körner"}); r.Err != nil || w.due() {
			w.Error(r.Err)
		}
	})
}
