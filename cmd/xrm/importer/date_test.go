package importer

import (
	"strings"
	"testing"
	"time"
)

// datesOf are those of a map, on 30 November 2026.
func datesOf(t testing.TB, zone string, forms ...string) dates {
	t.Helper()
	d := dates{now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	var err error
	if d.zone, err = time.LoadLocation(zone); err != nil {
		t.Fatal(err)
	}
	for _, text := range forms {
		form, err := newDateForm(text)
		if err != nil {
			t.Fatal(err)
		}
		d.forms = append(d.forms, form)
	}
	return d
}

func TestDatesAreReadByTheirForms(t *testing.T) {
	const (
		skipped = ": that time does not exist in Europe/Berlin, where the clocks go forward over it; correct it or give its offset (Z in dates:)"
		twice   = ": that time comes twice in Europe/Berlin, where the clocks go back; say which one by its offset, +02:00 or +01:00 (Z in dates:)"
	)
	tests := map[string]struct {
		forms            string // separated by |
		kind, text, want string
	}{
		"English month":                {"D MMM YYYY", "date", "12 Mar 2024", "2024-03-12"},
		"whole English month":          {"MMMM D, YYYY", "date", "September 1, 2024", "2024-09-01"},
		"month in capitals":            {"DD-MMM-YY", "date", "05-JUL-24", "2024-07-05"},
		"German month":                 {"D. MMMM YYYY", "date", "28. Februar 2026", "2026-02-28"},
		"Austrian month":               {"D. MMMM YYYY", "date", "9. Jänner 2026", "2026-01-09"},
		"month in pieces of Unicode":   {"D. MMMM YYYY", "date", "9. Ma\u0308rz 2026", "2026-03-09"},
		"abbreviation with point":      {"D. MMM YYYY", "date", "1. Sept. 2026", "2026-09-01"},
		"abbreviation of Excel":        {"D. MMM YYYY", "date", "1. Mrz 2026", "2026-03-01"},
		"point of the form":            {"D.MMM.YYYY", "date", "1.Feb.2026", "2026-02-01"},
		"French month":                 {"D MMMM YYYY", "date", "1 août 2026", "2026-08-01"},
		"no month":                     {"D MMMM YYYY", "date", "1 Smarch 2026", "must be a date as D MMMM YYYY, not 1 Smarch 2026"},
		"AM":                           {"MM/DD/YYYY h:mm A", "datetime", "02/28/2026 9:30 AM", "2026-02-28T08:30:00.000Z"},
		"p.m.":                         {"MM/DD/YYYY h:mm A", "datetime", "02/28/2026 9:30 p.m.", "2026-02-28T20:30:00.000Z"},
		"narrow space before PM":       {"M/D/YY h:mm A", "datetime", "2/28/26 9:30\u202fPM", "2026-02-28T20:30:00.000Z"},
		"midnight":                     {"YYYY-MM-DD hh:mm A", "datetime", "2026-02-28 12:30 am", "2026-02-27T23:30:00.000Z"},
		"noon":                         {"YYYY-MM-DD hh:mm A", "datetime", "2026-02-28 12:30 pm", "2026-02-28T11:30:00.000Z"},
		"thirteen in the afternoon":    {"YYYY-MM-DD hh:mm A", "datetime", "2026-02-28 13:30 pm", "must be a date as YYYY-MM-DD hh:mm A, not 2026-02-28 13:30 pm"},
		"zone":                         {"YYYY-MM-DDThh:mm:ss.SSSZ", "datetime", "2026-02-28T09:30:00.000+0000", "2026-02-28T09:30:00.000Z"},
		"zone with colon":              {"YYYY-MM-DD hh:mm Z", "datetime", "2026-02-28 09:30 -05:30", "2026-02-28T15:00:00.000Z"},
		"zone in hours":                {"YYYY-MM-DD hh:mmZ", "datetime", "2026-02-28 09:30+02", "2026-02-28T07:30:00.000Z"},
		"Z":                            {"YYYY-MM-DDThh:mm:ssZ", "datetime", "2026-02-28T09:30:00Z", "2026-02-28T09:30:00.000Z"},
		"no zone of this world":        {"YYYY-MM-DD hh:mm Z", "datetime", "2026-02-28 09:30 +2300", "must be a date as YYYY-MM-DD hh:mm Z, not 2026-02-28 09:30 +2300"},
		"a day stays that of its zone": {"YYYY-MM-DD hh:mm Z", "date", "2026-02-28 00:30 +0200", "2026-02-28"},
		"fraction without a part":      {"YYYY-MM-DD hh:mm:ss", "datetime", "2026-02-28 10:30:15.123456", "2026-02-28T09:30:15.000Z"},
		"words in quotes":              {"D. MMMM YYYY 'um' hh:mm 'Uhr'", "datetime", "28. Februar 2026 um 10:00 Uhr", "2026-02-28T09:00:00.000Z"},
		"no separators":                {"YYYYMMDD", "date", "20260228", "2026-02-28"},
		"several forms, the first":     {"D.M.YYYY|D. MMMM YYYY|YYYY-MM-DD", "date", "28.2.2026", "2026-02-28"},
		"several forms, the last":      {"D.M.YYYY|D. MMMM YYYY|YYYY-MM-DD", "date", "2026-02-28", "2026-02-28"},
		"several forms, none":          {"D.M.YYYY|YYYY-MM-DD", "date", "2/28/26", "must be a date as D.M.YYYY or YYYY-MM-DD, not 2/28/26"},
		"two forms that differ":        {"DD/MM/YYYY|MM/DD/YYYY", "date", "03/04/2026", "is 03/04/2026, which is 2026-04-03 as DD/MM/YYYY and 2026-03-04 as MM/DD/YYYY; leave one of the two forms out of the map's dates"},
		"two forms that agree":         {"DD/MM/YYYY|MM/DD/YYYY", "date", "04/04/2026", "2026-04-04"},
		"two forms, one possible":      {"DD/MM/YYYY|MM/DD/YYYY", "date", "28/04/2026", "2026-04-28"},
		"the hour that is left out":    {"DD.MM.YYYY hh:mm", "datetime", "29.03.2026 02:30", "is 29.03.2026 02:30" + skipped},
		"the hour that comes twice":    {"DD.MM.YYYY hh:mm", "datetime", "25.10.2026 02:30", "is 25.10.2026 02:30" + twice},
		"the first of the two":         {"DD.MM.YYYY hh:mm Z", "datetime", "25.10.2026 02:30 +02:00", "2026-10-25T00:30:00.000Z"},
		"before the change":            {"DD.MM.YYYY hh:mm", "datetime", "29.03.2026 01:59", "2026-03-29T00:59:00.000Z"},
		"after the change":             {"DD.MM.YYYY hh:mm", "datetime", "29.03.2026 03:00", "2026-03-29T01:00:00.000Z"},
		"no day of February":           {"DD.MM.YYYY", "date", "29.02.2026", "must be a date as DD.MM.YYYY, not 29.02.2026"},
		"year 0":                       {"DD.MM.YYYY", "date", "01.01.0000", "must be a date as DD.MM.YYYY, not 01.01.0000"},
		"25 hours":                     {"DD.MM.YYYY hh:mm", "datetime", "01.01.2026 24:00", "must be a date as DD.MM.YYYY hh:mm, not 01.01.2026 24:00"},
		"text behind":                  {"DD.MM.YYYY", "date", "01.01.2026x", "must be a date as DD.MM.YYYY, not 01.01.2026x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := datesOf(t, "Europe/Berlin", strings.Split(tt.forms, "|")...)
			value, err := d.value(tt.kind, tt.text)
			got, _ := value.(string)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestYearsOfTwoDigitsHaveAPivotAndNoBirthdayLiesAhead(t *testing.T) {
	const ahead = ": it lies in the future, which the map (past: true) or the name of the field, a date of birth, rules out"
	tests := map[string]struct {
		past       bool
		from       int
		text, want string
	}{
		"69 is of the last century":          {false, 0, "1.1.69", "1969-01-01"},
		"68 is of this one":                  {false, 0, "1.1.68", "2068-01-01"},
		"the map's hundred years, first":     {false, 1930, "1.1.30", "1930-01-01"},
		"the map's hundred years, last":      {false, 1930, "1.1.29", "2029-01-01"},
		"a birthday of today":                {true, 0, "30.11.26", "2026-11-30"},
		"a birthday of tomorrow":             {true, 0, "1.12.26", "1926-12-01"},
		"a birthday of the last century":     {true, 0, "1.2.65", "1965-02-01"},
		"a birthday with four digits, ahead": {true, 0, "1.2.2065", "is 1.2.2065" + ahead},
		"a birthday by the map's years":      {true, 2000, "1.2.65", "is 1.2.65" + ahead},
		"a leap day":                         {true, 0, "29.2.00", "2000-02-29"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := datesOf(t, "UTC", "D.M.YY", "D.M.YYYY")
			d.past, d.yearsFrom = tt.past, tt.from
			value, err := d.value("date", tt.text)
			got, _ := value.(string)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestADateOfBirthIsKnownByItsNameOrItsLabel(t *testing.T) {
	for f, want := range map[*Field]bool{
		{Name: "birthDate"}: true, {Name: "birthday"}: true, {Name: "dateOfBirth"}: true, {Name: "born"}: true,
		{Name: "day", German: "Geburtsdatum"}: true, {Name: "day", Label: "Date of birth"}: true,
		{Name: "nextBirthday"}: false, {Name: "birthdayCardSent"}: false, {Name: "customerSince"}: false,
	} {
		if isBirth(f) != want {
			t.Errorf("%+v: %v", f, !want)
		}
	}
}

func TestAFormThatCannotBeReadIsRefused(t *testing.T) {
	tests := map[string]string{
		"MM/YY":                `"MM/YY" is no form of dates such as DD.MM.YYYY hh:mm; it needs YYYY, MM and DD`,
		"":                     `"" is no form of dates such as DD.MM.YYYY hh:mm; it needs YYYY, MM and DD`,
		"dd.mm.yyyy":           `dates: "dd.mm.yyyy" has the part "dd", which is not known; known are YYYY YY MMMM MMM MM M DD D hh h mm ss SSS A Z, and text stands in single quotes`,
		"DD.MM.YYYY hh:mm Uhr": `dates: "DD.MM.YYYY hh:mm Uhr" has the part "U", which is not known; known are YYYY YY MMMM MMM MM M DD D hh h mm ss SSS A Z, and text stands in single quotes`,
		"DD.MM.YYYY 'um":       `dates: "DD.MM.YYYY 'um" has a quote that does not close`,
		"DD.MM.YYYY A":         `dates: "DD.MM.YYYY A" has A (AM or PM) and no h before it, such as h:mm A`,
		"DD.MM.YYYY HH:mm A":   `dates: "DD.MM.YYYY HH:mm A" has A (AM or PM) and no h before it, such as h:mm A`,
		"DD.MM.YYYY mm":        `dates: "DD.MM.YYYY mm" lacks a part of the time; write hh:mm, hh:mm:ss or hh:mm:ss.SSS`,
		"DD.MM.YYYY hh:ss":     `dates: "DD.MM.YYYY hh:ss" lacks a part of the time; write hh:mm, hh:mm:ss or hh:mm:ss.SSS`,
		"DD.MM.YYYY Z":         `dates: "DD.MM.YYYY Z" lacks a part of the time; write hh:mm, hh:mm:ss or hh:mm:ss.SSS`,
		"DD.MM.YYYY MMM":       `dates: "DD.MM.YYYY MMM" says the same part twice: MMM`,
		"DMYYYY":               `dates: "DMYYYY" does not say where D ends; write DD or put a sign between`,
	}
	for form, want := range tests {
		if _, err := newDateForm(form); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", form, err, want)
		}
	}
}

// FuzzDates checks that no form and no text stops the reader, and that what
// is read is a day of the calendar, as it was written where that is plain.
func FuzzDates(f *testing.F) {
	f.Add("DD.MM.YYYY hh:mm", "28.02.2026 09:30")
	f.Add("D. MMMM YYYY", "1. März 2026")
	f.Add("M/D/YY h:mm A", "2/28/26 9:30 PM")
	f.Add("YYYY-MM-DDThh:mm:ss.SSSZ", "2026-02-28T09:30:00.000+0000")
	f.Add("YYYY-MM-DD", "2026-02-28")
	f.Fuzz(func(t *testing.T, form, text string) {
		parsed, err := newDateForm(form)
		if err != nil {
			return
		}
		d := datesOf(t, "Europe/Berlin")
		d.forms = []dateForm{parsed}
		day, err := d.value("date", text)
		if err != nil {
			return
		}
		if _, err := time.Parse(time.DateOnly, day.(string)); err != nil {
			t.Fatalf("%q as %q becomes %q", text, form, day)
		}
		if form == "YYYY-MM-DD" && day != text {
			t.Fatalf("%q becomes %q", text, day)
		}
		at, err := d.value("datetime", text)
		if err != nil {
			return
		}
		if _, err := time.Parse(time.RFC3339Nano, at.(string)); err != nil {
			t.Fatalf("%q as %q becomes %q", text, form, at)
		}
	})
}
