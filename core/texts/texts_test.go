package texts_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/texts"
)

// forDevelopers are messages about a document that is no GraphQL, or not of this API:
// people do not write those.
var forDevelopers = regexp.MustCompile(`^(Cannot query field|Directive |Expected |Field |Int cannot|Long cannot|Schema does not|Value |Variable )`)

var message = regexp.MustCompile(`"message": ("(?:[^"\\]|\\.)*")`)

// Every message that a conversation with the API has stands in the catalog: so a new one
// in English alone is noticed.
func TestWhatTheAPISaysToUsersIsSaidInGerman(t *testing.T) {
	t.Parallel()
	own, err := texts.Own()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../graphql/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	seen := 0
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range message.FindAllSubmatch(content, -1) {
			var english string
			if err := json.Unmarshal(found[1], &english); err != nil {
				t.Fatal(err)
			}
			if forDevelopers.MatchString(english) {
				continue
			}
			seen++
			if own.Say("de", english, nil) == english {
				t.Errorf("%s: de.yaml has nothing for\n%s", filepath.Base(name), english)
			}
		}
	}
	if seen < 100 {
		t.Errorf("there are %d messages; the pattern of this test finds too few", seen)
	}
}

func TestNoGermanTextHasAHoleThatNothingFills(t *testing.T) {
	t.Parallel()
	own, err := texts.Own()
	if err != nil {
		t.Fatal(err)
	}
	for english, want := range map[string]string{
		"The argument first must be between 0 and 200, not 201.":                                               "Das Argument first muss zwischen 0 und 200 liegen, nicht 201.",
		"must be an object such as {eq: ...}, not 7":                                                           "muss ein Objekt wie {eq: ...} sein, nicht 7",
		"Nothing of the batch was saved. Change 2 (fare): The fare was not saved: some fields need attention.": "Nichts davon wurde gespeichert. Änderung 2 (fare): fare: nicht gespeichert. Einige Felder brauchen Aufmerksamkeit.",
	} {
		got := own.Say("de", english, func(string, bool) string { return "" })
		if got != want || strings.Contains(got, "{text}") {
			t.Errorf("%s\nis said as %s\nwant %s", english, got, want)
		}
	}
}
