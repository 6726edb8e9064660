package schema_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/openxrm/xrm/schema"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

func collation(t testing.TB, name string) *schema.Collation {
	t.Helper()
	c, err := schema.NewCollation(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNamesSortAsPeopleSortThem(t *testing.T) {
	tests := map[string][]string{
		"de":              {"abel", "Abel", "Äbel", "Ader", "Ärger", "Muller", "Müller", "Mullmann", "Mustermann", "Öztürk", "Pohl", "Strasse", "Straße", "Strasser", "zebra", "Zürich"},
		"de-u-co-phonebk": {"Ader", "Ärger", "Afra", "Mueller", "Müller", "Muller", "Zürich"},
		"sv":              {"Andersson", "Zorn", "Åberg", "Ärlig", "Öberg"},
		"cs":              {"Cibulka", "Hora", "Chalupa", "Jana"},
		"en":              {"Anna", "Ärger", "Zoe"},
		"de-u-kn":         {"Raum 2", "Raum 10"},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			c := collation(t, name)
			got := slices.Clone(want)
			rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
			slices.SortFunc(got, c.Compare)
			if !slices.Equal(got, want) {
				t.Errorf("sorted: %q\nwant:   %q", got, want)
			}
		})
	}
}

func TestACollationThatIsNotKnownIsRefusedWithTheNearestOne(t *testing.T) {
	for name, want := range map[string]string{
		"":                `such as de, sv or de-u-co-phonebk, not ""`,
		"german":          `such as de, sv or de-u-co-phonebk, not "german"`,
		"de-u-co-phonbk":  `such as de, sv or de-u-co-phonebk, not "de-u-co-phonbk"; did you mean "de-u-co-phonebk"?`,
		"sv-u-co-phonebk": `such as de, sv or de-u-co-phonebk, not "sv-u-co-phonebk"; did you mean "de-u-co-phonebk"?`,
	} {
		if _, err := schema.NewCollation(name); fmt.Sprint(err) != want {
			t.Errorf("NewCollation(%q) says %v; want %s", name, err, want)
		}
	}
}

// letters are what random names are made of.
func letters(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(9) {
		b.WriteRune([]rune("aAäÄbBcCchHdzsoöÖøuüß éÈ-.,'0129ñłŁåÅ😀😁日本ДдЖя\u0301\u0308\u200bçnjyšž")[r.IntN(54)])
	}
	return b.String()
}

func TestKeysSortAsTheLibraryCompares(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, name := range []string{"de", "de-u-co-phonebk", "sv", "cs", "hu", "da", "fr-u-kb", "en-u-ka-shifted", "de-u-ks-level2"} {
		c, library := collation(t, name), collate.New(language.MustParse(name))
		for range 3000 {
			a, b := letters(r), letters(r)
			var x, y collate.Buffer
			want := slices.Compare(library.KeyFromString(&x, nfc(a)), library.KeyFromString(&y, nfc(b)))
			if got := c.Compare(a, b); got != want {
				t.Fatalf("%s: %q and %q compare as %d; want %d", name, a, b, got, want)
			}
		}
	}
}

func TestWhatBeginsWithATextLiesInItsStretch(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, name := range []string{"de", "de-u-co-phonebk", "sv", "cs", "hu", "da"} {
		c := collation(t, name)
		for range 1000 {
			begin, rest := nfc(letters(r)), letters(r)
			whole := nfc(begin + rest)
			if !strings.HasPrefix(whole, begin) {
				continue
			}
			for i, text := range []string{whole, strings.ToUpper(whole), anyCase(r, whole)} {
				from, to, ok := c.Beginning(begin, i > 0)
				if key := c.Key(text); ok && (key < from || key >= to) {
					t.Fatalf("%s: the key %s of %q is not from %s to %s, where what begins with %q lies", name, key, text, from, to, begin)
				}
			}
		}
	}
	if _, _, ok := collation(t, "cs").Beginning("c", false); ok {
		t.Error("in Czech what begins with c is said to lie in one stretch, where ch comes after h")
	}
	if _, _, ok := collation(t, "de").Beginning("c", false); !ok {
		t.Error("in German what begins with c is said not to lie in one stretch")
	}
}

func TestAKeyIsOfABoundedLength(t *testing.T) {
	c := collation(t, "de")
	long := strings.Repeat("ÄßÉ日", 1000)
	if n := len(c.Key(long)); n > 2700 {
		t.Errorf("the key of %d characters has %d bytes", 4000, n)
	}
	if n := len(c.Key("Maria Magdalena Meier")); n > 96 {
		t.Errorf("the key of a name of 21 characters has %d bytes", n)
	}
	if c.Compare(long+"a", long+"b") != 0 {
		t.Error("texts that differ after their first 200 characters do not have the same key")
	}
}

func BenchmarkKey(b *testing.B) {
	c := collation(b, "de")
	for b.Loop() {
		c.Key("Maria Magdalena Müller-Lüdenscheidt")
	}
}

func nfc(s string) string { return norm.NFC.String(s) }

func anyCase(r *rand.Rand, s string) string {
	return strings.Map(func(c rune) rune {
		if r.IntN(2) == 0 {
			return unicode.ToUpper(c)
		}
		return unicode.ToLower(c)
	}, s)
}
