package schema_test

import (
	"testing"

	"github.com/openxrm/xrm/schema"
)

const contacts = `
entity: contact
fields:
  phone: {type: phone, index: true}
  others: {type: list, of: {type: phone}, index: true}
`

// matches says whether a filter for one number finds another that is stored.
func matches(t *testing.T, m *schema.Model, stored, sought string) bool {
	t.Helper()
	e := m.Entity("contact")
	kept, err := e.Check(values{"phone": stored, "others": []any{stored}}, true, "DE")
	if err != nil {
		t.Fatal(err)
	}
	var found []bool
	for _, raw := range []values{{"phone": values{"matches": sought}}, {"others": values{"some": values{"matches": sought}}}} {
		f, err := m.ParseFilter(e, raw, false)
		if err != nil {
			t.Fatalf("%q: %v", sought, err)
		}
		found = append(found, f.Match(kept))
	}
	if found[0] != found[1] {
		t.Errorf("%q finds %q: %v, but %v in a list", sought, stored, found[0], found[1])
	}
	return found[0]
}

func TestANumberIsFoundInAnySpellingAndByTheCompanysNumber(t *testing.T) {
	t.Parallel()
	m := load(t, contacts).In("DE")
	for _, tt := range []struct {
		stored, sought string
		want           bool
	}{
		{"030 1234567", "+49301234567", true}, {"030/123-4567", "0049 30 1234567", true}, {"+49 (0)30 1234567", "030 123 45 67", true},
		{"030 1234567", "49301234567", true}, {"+49 30 1234567", "tel:+49-30-1234567", true}, {"(206) 555-9857", "+12065559857", false}, {"+1 206 555 9857", "001 206-555-9857", true},
		{"+49 30 1234567", "+49 30 1234567-12", true}, {"+49 30 1234567", "030 1234567 DW 12", true}, {"+49 30 1234567", "4930123456712", true},
		{"+49 30 1234567-12", "030 1234567 ext. 12", true}, {"030 1234567 App. 12", "+4930123456712", true}, {"+49 30 1234567-12", "+49 30 1234567", false},
		{"+49 30 1234567-0", "+49 30 1234567-12", true}, {"+49 30 12345670", "+49 30 1234567-12", false}, {"+49 30 1234567-0", "+49 30 1234567", true},
		{"+49 30 1234567-0", "+49 30 1234577-12", false}, {"+43 1 53436", "+43 1 53436-2012", true}, {"+43 1 53436-0", "+43153436112", true},
		{"+49 171 1234567", "+49 171 12345678", false}, {"+49 171 1234567", "0171/1234567", true}, {"+1 206 555 9857", "+1 206 555 98571", true},
		{"+49 30 1234567", "+49 30 1234568", false}, {"+49 30 1234567", "+49 89 1234567", false}, {"+49 89 1234567", "+49 30 1234567-12", false},
		{"200", "200", true}, {"200", "20", false}, {"2001", "200", false}, {"+49 30 1234567", "1234567", false},
		{"030 1234567 App. 12", "+49 30 1234567-99", false}, {"030 1234567 App. 12", "030 1234567 ext. 99", false}, {"030 1234567 App. 12", "030 1234567 DW 12", true},
		{"030 1234567", "030 1234567 ext. 99", true}, {"030 1234567 App. 1", "+49 30 1234567-12", false}, {"030 1234567 App. 12", "+49 30 1234567", true},
		{"+49 30 1234567-1 App. 2", "+49 30 1234567-12", true}, {"+1 206 555 9857 ext. 12", "+1 206 555 9857 x99", false}, {"0171 1234567 App. 12", "0171 1234567 App. 99", false},
		{"0171 123456-0", "+49 171 12345678", false}, {"0171 123456-0", "+49 171 1234567", false}, {"0171 1234567-0", "0171 1234567", false}, {"0171 1234567-0", "0171 12345670", true},
	} {
		if got := matches(t, m, tt.stored, tt.sought); got != tt.want {
			t.Errorf("%q finds %q: %v; want %v", tt.sought, tt.stored, got, tt.want)
		}
	}
}

func TestANumberWithoutItsCountryIsReadByTheRegion(t *testing.T) {
	t.Parallel()
	m := load(t, contacts)
	for region, want := range map[string]bool{"DE": true, "AT": false, "": false} {
		if got := matches(t, m.In(region), "+49 30 1234567", "030 1234567"); got != want {
			t.Errorf("in %q it is found: %v; want %v", region, got, want)
		}
	}
}

func TestWhatIsNoNumberIsRefused(t *testing.T) {
	t.Parallel()
	m := load(t, contacts)
	for raw, want := range map[any]string{
		"anonymous": "filter.phone.matches must be a phone number such as +49 30 1234567, not anonymous",
		7:           "filter.phone.matches must be a phone number such as +49 30 1234567, not 7",
		nil:         "filter.phone.matches must not be null; to select missing values write {isNull: true}",
	} {
		if _, err := m.ParseFilter(m.Entity("contact"), values{"phone": values{"matches": raw}}, false); err == nil || err.Error() != want {
			t.Errorf("%v: %v; want %s", raw, err, want)
		}
	}
}
