package wording_test

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk/contract/wording"
)

const german = `
is required: fehlt
must be at least {least}, not {given}: "muss mindestens {least} sein, nicht {given}"
"The {entity} was not saved: some fields need attention.": "{entity}: nicht gespeichert. Einige Felder brauchen Aufmerksamkeit."
"The {entity} was not saved: another one has the same {field}.": "{entity}: nicht gespeichert. {field} hat schon ein anderer Datensatz."
"Change {n} ({entity}): {text}": "Änderung {n} ({entity}): {text}"
Try again.: Versuchen Sie es noch einmal.
Nothing was saved.: Nichts wurde gespeichert.
"There are {count} {entities}.": "Es gibt {count} {entities}."
`

func read(t *testing.T, text string) *wording.Texts {
	t.Helper()
	texts, problems := wording.Read("texts/de.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return texts
}

func called(entity string, several bool) string {
	return map[string]map[bool]string{"order": {false: "Auftrag", true: "Aufträge"}, "orders": {true: "Aufträge"}}[entity][several]
}

func TestTextsAreSaidInALanguageWithWhatIsInTheirHoles(t *testing.T) {
	t.Parallel()
	texts := read(t, german)
	for english, want := range map[string]string{
		"is required":                      "fehlt",
		"must be at least 0, not -1":       "muss mindestens 0 sein, nicht -1",
		"must be at least 1, not 0, not 2": "muss mindestens 1 sein, nicht 0, not 2",
		"The order was not saved: another one has the same number.":     "Auftrag: nicht gespeichert. number hat schon ein anderer Datensatz.",
		"The fare was not saved: some fields need attention.":           "fare: nicht gespeichert. Einige Felder brauchen Aufmerksamkeit.",
		"Change 2 (order): Nothing was saved.":                          "Änderung 2 (Auftrag): Nichts wurde gespeichert.",
		"Nothing was saved. Try again.":                                 "Nichts wurde gespeichert. Versuchen Sie es noch einmal.",
		"There are 7 orders.":                                           "Es gibt 7 Aufträge.",
		"The {entity} was not saved: another one has the same {field}.": "{entity}: nicht gespeichert. {field} hat schon ein anderer Datensatz.",
	} {
		if got, has := texts.Say(english, called); got != want || !has {
			t.Errorf("%s\nis said as %s, %t; want %s", english, got, has, want)
		}
	}
}

// Half of a text in another language is worse than all of it in English.
func TestATextThatIsNotKnownStaysAsItIs(t *testing.T) {
	t.Parallel()
	texts := read(t, german)
	for _, english := range []string{
		"", "is needed", "Nothing was saved. The disk is full.", "Change 2 (order): It is late.", "is required.",
		strings.Repeat("Try again. ", 2000) + "Try again.",
	} {
		if got, has := texts.Say(english, called); got != english || has {
			t.Errorf("%.60s\nis said as %.60s, %t; want it as it is", english, got, has)
		}
	}
}

func TestMistakesInTextsAreToldAllAtOnce(t *testing.T) {
	t.Parallel()
	_, problems := wording.Read("texts/de.yaml", []byte(`late by {hours}: zu spät
lost: ""
"{a} and {a}": "{a} und {a}"
at {place}: "bei {ort}"
known: [bekannt]
"{a}: {b}": "{b}: {a}"
`))
	want := []string{
		"texts/de.yaml:1: both texts must have the same holes: the English one has {hours}, this one has none",
		"texts/de.yaml:2: what is said in this language is missing",
		"texts/de.yaml:3: a hole comes twice; give each a name of its own",
		"texts/de.yaml:6: it has nothing but holes, so every text would fit",
		"texts/de.yaml:4: both texts must have the same holes: the English one has {place}, this one has {ort}",
	}
	got := problems.Error()
	for _, line := range want {
		if !strings.Contains(got, line) {
			t.Errorf("it says\n%s\nwithout %s", got, line)
		}
	}
	if !strings.Contains(got, "texts/de.yaml:5: ") {
		t.Errorf("it says\n%s\nand nothing of line 5", got)
	}
}

func TestTheLanguageIsTheBestThatThereIs(t *testing.T) {
	t.Parallel()
	c, problems := wording.Load([]wording.File{{"texts/de.yaml", []byte("late: spät\n")}, {"texts/pt-BR.yaml", []byte("late: tarde\n")}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for header, want := range map[string]string{
		"": "en", "de": "de", "de-AT, en;q=0.5": "de", "en-GB,de;q=0.9": "en", "fr": "en", "fr, de;q=0.1": "de", "pt": "pt-BR", "*": "en",
		"no header at all;;": "en", strings.Repeat("de,", 5000): "en",
	} {
		if got := c.Choose(header); got != want {
			t.Errorf("%.40q chooses %s, want %s", header, got, want)
		}
	}
	if got := c.Say("de", "late", nil) + c.Say("fr", "late", nil) + c.Say("en", "late", nil); got != "spätlatelate" {
		t.Errorf("it says %s", got)
	}
	_, problems = wording.Load([]wording.File{{"texts/en.yaml", nil}, {"texts/german.yaml", nil}})
	if len(problems) != 2 || !strings.Contains(problems.Error(), "texts/en.yaml: texts are in LANGUAGE.yaml, such as de.yaml, and English ones need no file") {
		t.Errorf("it says %v", problems)
	}
}

func FuzzTextsAreReadAndSaid(f *testing.F) {
	f.Add(german, "Nothing was saved. Try again.")
	f.Fuzz(func(t *testing.T, file, english string) {
		texts, _ := wording.Read("de.yaml", []byte(file))
		if said, has := texts.Say(english, called); !has && said != english {
			t.Errorf("it says %q of %q and does not have it", said, english)
		}
	})
}
