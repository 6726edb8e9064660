package schema_test

import (
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/openxrm/xrm/schema"
)

func readPhone(t *testing.T, raw, region string) (e164, extension string) {
	t.Helper()
	f := &schema.Field{Type: "phone"}
	value, err := f.Kind().Parse(f, raw, schema.Scope{Region: region})
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	e164, _ = value.(values)["e164"].(string)
	extension, _ = value.(values)["extension"].(string)
	if value.(values)["raw"] != raw {
		t.Errorf("%q is kept as %v", raw, value)
	}
	return e164, extension
}

// A number that is not surely meant is none: it would be a stranger's.
func TestANumberIsUnderstoodOnlyIfItIsSurelyMeant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ raw, region, e164, extension string }{
		{"4915123456789", "DE", "+4915123456789", ""}, {"491712345678", "DE", "+491712345678", ""}, {"4930901820", "DE", "+4930901820", ""},
		{"0711 1234567", "DE", "+497111234567", ""}, {"41446681800", "DE", "", ""}, {"41446681800", "CH", "+41446681800", ""},
		{"1-800-FLOWERS", "DE", "", ""}, {"1-800-FLOWERS", "US", "+18003569377", ""}, {"+1-800-FLOWERS", "DE", "+18003569377", ""}, {"800-FLOWERS", "US", "+18003569377", ""},
		{"030 1234 bitte", "DE", "", ""}, {"030 1234 BITTE", "DE", "", ""}, {"030 1234567 privat", "DE", "", ""},
		{"030 1234567 (privat)", "DE", "+49301234567", ""}, {"Tel.: 030 1234567", "DE", "+49301234567", ""}, {"Büro 2: 030 1234567", "DE", "", ""},
		{"1712345678", "DE", "+491712345678", ""}, {"301234567", "DE", "", ""}, {"901820", "DE", "", ""}, {"15102345678", "DE", "", ""},
		{"(206) 555-9857", "US", "+12065559857", ""}, {"1 206 555 9857", "US", "+12065559857", ""}, {"915 551 234", "ES", "+34915551234", ""},
		{"00 49 30 123456", "DE", "+4930123456", ""}, {"00 49 30 123456", "US", "", ""}, {"+49 (0)30 123456-78", "DE", "+493012345678", ""},
		{"tel:+49-30-123456", "US", "+4930123456", ""}, {"８ (495) 123-45-67", "RU", "+74951234567", ""}, {"8 495 123 45 67", "RU", "+74951234567", ""},
		{"+39 06 6982", "DE", "+39066982", ""}, {"06 6982", "IT", "+39066982", ""}, {"011 15-2345-6789", "AR", "+5491123456789", ""},
		{"0171/1234567", "DE", "+491711234567", ""}, {"0171/1234567 oder 030/123", "DE", "", ""}, {"030 1234567/68", "DE", "", ""}, {"030 1234567 / 030 7654321", "DE", "", ""},
		{"030 1234567, 030 7654321", "DE", "", ""}, {"115", "DE", "", ""}, {"+800 1234 5678", "DE", "+80012345678", ""},
		{"030 1234567 App. 12", "DE", "+49301234567", "12"}, {"030 1234567 App.12", "DE", "+49301234567", "12"}, {"030 1234567 Apparat 12", "DE", "+49301234567", "12"},
		{"030 1234567 DW 12", "DE", "+49301234567", "12"}, {"030 1234567 DW: -12", "DE", "+49301234567", "12"}, {"030 1234567 Durchwahl 12", "DE", "+49301234567", "12"},
		{"030 1234567 Durchw. 12", "DE", "+49301234567", "12"}, {"030 1234567 Nebenstelle 12", "DE", "+49301234567", "12"}, {"030 1234567 NSt. 12", "DE", "+49301234567", "12"},
		{"030 1234567 (DW 12)", "DE", "+49301234567", "12"}, {"030 1234567, App.-Nr. 12", "DE", "+49301234567", "12"}, {"030 1234567 ext. 12", "DE", "+49301234567", "12"},
		{"030 1234567x12", "DE", "+49301234567", "12"}, {"030 1234567 #12", "DE", "+49301234567", "12"}, {"030 1234567;ext=12", "DE", "+49301234567", "12"},
		{"01 5321234 Klappe 12", "AT", "+4315321234", "12"}, {"01 42 68 53 00 poste 12", "FR", "+33142685300", "12"}, {"06 6982 int. 12", "IT", "+39066982", "12"},
		{"020 7946 0123 extension 0012", "GB", "+442079460123", "0012"}, {"8 495 123-45-67 доб. 12", "RU", "+74951234567", "12"},
		{"(1) 2 ext. 3", "DE", "", "3"},
	} {
		if e164, extension := readPhone(t, tt.raw, tt.region); e164 != tt.e164 || extension != tt.extension {
			t.Errorf("%q in %s is %q with extension %q; want %q with %q", tt.raw, tt.region, e164, extension, tt.e164, tt.extension)
		}
	}
}

// Whatever the region, a number is understood as what it is or not at all.
func TestNoNumberOfTheWorldBecomesAnother(t *testing.T) {
	t.Parallel()
	home, away, national := 0, 0, 0
	for region := range phonenumbers.GetSupportedRegions() {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.UAN; kind++ {
			number := phonenumbers.GetExampleNumberForType(region, kind)
			if number == nil || !phonenumbers.IsValidNumber(number) {
				continue
			}
			want := phonenumbers.Format(number, phonenumbers.E164)
			bare := strings.TrimPrefix(want, "+")
			for _, here := range []string{region, "DE", "US", "IT"} {
				if got, _ := readPhone(t, phonenumbers.Format(number, phonenumbers.INTERNATIONAL), here); got != want {
					t.Errorf("%s typed in %s is %q", want, here, got)
				}
				if got, extension := readPhone(t, want+" ext. 12", here); got != want || extension != "12" {
					t.Errorf("%s with an extension, typed in %s, is %q and %q", want, here, got, extension)
				}
				if got, _ := readPhone(t, bare, here); got != want && got != "" && here == region {
					t.Errorf("%s typed in %s is %q; want +%s or none", bare, here, got, bare)
				} else if got == want {
					away++
				}
			}
			home++
			if got, _ := readPhone(t, phonenumbers.Format(number, phonenumbers.NATIONAL), region); got == want {
				national++
			} else if got != "" {
				t.Errorf("%s typed in %s is %q; want %s or none", phonenumbers.Format(number, phonenumbers.NATIONAL), region, got, want)
			}
		}
	}
	t.Logf("of %d numbers, %d were understood as their country writes them", home, national)
	if home < 1000 || national < home*9/10 || away < home/2 {
		t.Errorf("of %d numbers, %d were understood as their country writes them, and %d without a plus", home, national, away)
	}
}

// FuzzPhone finds texts of which letters or an extension become digits.
func FuzzPhone(f *testing.F) {
	for _, seed := range []string{"030 1234567 App. 12", "1-800-FLOWERS", "+49 (0)30 1-2 x3", "491", "tel:+1;ext=2", "٠٣٠ ١٢٣", "Büro 2: 030 1"} {
		f.Add(seed, "DE")
	}
	kind := &schema.Field{Type: "phone"}
	f.Fuzz(func(t *testing.T, raw, region string) {
		value, err := kind.Kind().Parse(kind, raw, schema.Scope{Region: region})
		if err != nil {
			return
		}
		e164, _ := value.(values)["e164"].(string)
		if again, err := kind.Kind().Parse(kind, value, schema.Scope{Region: region}); err != nil || again.(values)["e164"] != value.(values)["e164"] {
			t.Errorf("%q in %s is %v and then %v, %v", raw, region, value, again, err)
		}
		if n, err := phonenumbers.Parse(e164, ""); e164 != "" && (err != nil || !phonenumbers.IsValidNumber(n)) {
			t.Errorf("%q in %s is %q, which is no number", raw, region, e164)
		}
	})
}
