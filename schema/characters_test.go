package schema_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/openxrm/xrm/schema"
	"golang.org/x/text/unicode/norm"
)

// Texts that people take for the same are the same, and what changes how a word
// looks stays.
func TestATextHasOneForm(t *testing.T) {
	t.Parallel()
	family := "\U0001f468\u200d\U0001f469\u200d\U0001f467"
	scotland := "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
	tests := map[string]struct{ raw, want, wantErr string }{
		"as macOS writes it":                    {raw: "Mu\u0308ller", want: "Müller"},
		"marks in another order":                {raw: "a\u0323\u0302 a\u0302\u0323", want: "\u1ead \u1ead"},
		"the sign of Angstrom":                  {raw: "\u212b", want: "\u00c5"},
		"Hangul in parts":                       {raw: "\u1112\u1161\u11ab", want: "한"},
		"lines of Windows and of old":           {raw: "a\r\nb\rc\u2028d\u0085e\ff\vg\u2029h", want: "a\nb\nc\nd\ne\nf\ng\nh"},
		"a tab":                                 {raw: "a\tb", want: "a\tb"},
		"spaces of all widths":                  {raw: "Max\u00a0M\u202f.\u3000\u2003 x", want: "Max M .   x"},
		"only spaces":                           {raw: "\u00a0\u3000", want: ""},
		"zero width":                            {raw: "\ufeffMül\u200bler\u2060 \u00adGmbH\u200e", want: "Müller GmbH"},
		"only what is not seen":                 {raw: "\u200b\u2060\u3164\u115f", want: ""},
		"what hid a composition":                {raw: "Mu\u200b\u0308ller", want: "Müller"},
		"turned around":                         {raw: "\u202egnp.exe\u202c \u2066a\u2069", want: "gnp.exe a"},
		"letters that hide in tags":             {raw: "hi\U000e0068\U000e0069", want: "hi"},
		"annotations":                           {raw: "a\ufff9b\ufffac\ufffb", want: "abc"},
		"Persian with a joiner inside":          {raw: "می\u200cخواهم", want: "می\u200cخواهم"},
		"Persian with joiners around":           {raw: "\u200cمی\u200c \u200dخواهم\u200c", want: "می خواهم"},
		"two joiners":                           {raw: "می\u200c\u200cخواهم", want: "می\u200cخواهم"},
		"vowel signs and a joiner":              {raw: "مِ\u200cخو", want: "مِ\u200cخو"},
		"Sinhala, joined":                       {raw: "ශ්\u200dරී", want: "ශ්\u200dරී"},
		"Malayalam, at the end of a word":       {raw: "അവന്\u200d x", want: "അവന്\u200d x"},
		"joiners in Latin, Greek and Cyrillic":  {raw: "Auf\u200clage \u03b1\u200d\u03b2 д\u200cа", want: "Auflage αβ да"},
		"a family":                              {raw: family, want: family},
		"a shade and a sign":                    {raw: "\U0001f3c3\U0001f3fd\u200d\u2640\ufe0f", want: "\U0001f3c3\U0001f3fd\u200d\u2640\ufe0f"},
		"a nodding head":                        {raw: "\U0001f642\u200d\u2194\ufe0f", want: "\U0001f642\u200d\u2194\ufe0f"},
		"the flag of Scotland":                  {raw: scotland, want: scotland},
		"a keycap, and a digit dressed up":      {raw: "1\ufe0f\u20e3 1\ufe0f", want: "1\ufe0f\u20e3 1"},
		"a variant of a Japanese name":          {raw: "葛\U000e0100城", want: "葛\U000e0100城"},
		"variants of letters that have none":    {raw: "Mü\ufe0fller\ufe00", want: "Müller"},
		"a variant of nothing":                  {raw: "\ufe0f ❤\ufe0f\ufe0f", want: "❤\ufe0f"},
		"Hebrew with points":                    {raw: "שָׁלוֹם", want: norm.NFC.String("שָׁלוֹם")},
		"a replacement character that was sent": {raw: "a\ufffdb", want: "a\ufffdb"},
		"a bell":                                {raw: "a\ab", wantErr: "must not have control characters such as U+0007"},
		"an escape":                             {raw: "\x1b[31mred", wantErr: "must not have control characters such as U+001B"},
		"a dash of Windows-1252":                {raw: "a \u0096 b", wantErr: "must not have control characters such as U+0096: was the text read in the wrong encoding, such as ISO 8859-1 for Windows-1252?"},
		"a null":                                {raw: "a\u0308\x00", wantErr: "must be valid UTF-8 without null characters"},
		"no UTF-8":                              {raw: "a\u0308\xff", wantErr: "must be valid UTF-8 without null characters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []string{"text", "autonumber"} {
				f := &schema.Field{Type: kind}
				got, err := f.Kind().Parse(f, tt.raw, schema.Scope{})
				if tt.wantErr != "" {
					if err == nil || err.Error() != tt.wantErr {
						t.Errorf("%s of %+q = %+q, %v; want the error %q", kind, tt.raw, got, err, tt.wantErr)
					}
					continue
				}
				if err != nil || got != tt.want {
					t.Errorf("%s of %+q = %+q, %v; want %+q", kind, tt.raw, got, err, tt.want)
				}
			}
		})
	}
}

// Older records may have what is refused now, and a filter, a rule or a saved
// question may ask for it.
func TestAFilterMayAskForWhatIsNotStoredAnyMore(t *testing.T) {
	t.Parallel()
	m, err := schema.Load(schema.Source{Layer: "site", File: "a.yaml", Data: []byte("entity: a\nfields: {name: {type: text, index: true}}")})
	if err != nil {
		t.Fatal(err)
	}
	filter, err := m.ParseFilter(m.Entity("a"), values{"name": values{"contains": "u\u0308\a"}}, false)
	if err != nil || !filter.Match(values{"name": "xü\ay"}) || filter.Match(values{"name": "ü"}) {
		t.Errorf("%v, %+v", err, filter)
	}
}

func BenchmarkTextForm(b *testing.B) {
	f := &schema.Field{Type: "text"}
	for name, text := range map[string]string{"ASCII": "Alfreds Futterkiste GmbH & Co. KG", "German": "Müller-Lüdenscheidt Großhandel", "Polish": "Łódź Spółka z ograniczoną", "Chinese": "北京市海淀区中关村大街", "decomposed": "Mu\u0308ller-Lu\u0308denscheidt"} {
		b.Run(name, func(b *testing.B) {
			var raw any = text
			for b.Loop() {
				_, _ = f.Kind().Parse(f, raw, schema.Scope{})
			}
		})
	}
}

// FuzzTextForm finds texts whose form is none: not NFC, other when it is taken
// again, or with something in it that nobody sees.
func FuzzTextForm(f *testing.F) {
	for _, seed := range []string{"Mu\u0308ller", "a\u200b\u0308", "\u0915\u094d\u0323\u200d", "\u200c\u200dא\u200c", "❤\ufe0f\u200d🔥", "\r\n\r", "1\ufe0f\u20e3", "\u1100\u115f\u1161", "\u180b\u1820\u180e\u1820"} {
		f.Add(seed)
	}
	field := &schema.Field{Type: "text"}
	f.Fuzz(func(t *testing.T, raw string) {
		once, err := field.Kind().Parse(field, raw, schema.Scope{})
		if err != nil {
			return
		}
		text := once.(string)
		if twice, err := field.Kind().Parse(field, text, schema.Scope{}); err != nil || twice != text {
			t.Errorf("%+q became %+q and then %+q, %v", raw, text, twice, err)
		}
		if !norm.NFC.IsNormalString(text) {
			t.Errorf("%+q became %+q, which is not NFC", raw, text)
		}
		if bad := strings.IndexFunc(text, func(r rune) bool {
			return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) || r == 0xfeff || r == 0x200b
		}); bad >= 0 {
			t.Errorf("%+q became %+q with what nobody sees at byte %d", raw, text, bad)
		}
	})
}
