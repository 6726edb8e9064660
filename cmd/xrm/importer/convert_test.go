package importer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTextsBecomeValuesOfTheFieldsType(t *testing.T) {
	enum := &Field{Type: "enum", Options: []Option{{Value: "active", Label: "In use", German: "Gültig"}, {Value: "blocked"}}}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	plain, comma := numbers{decimal: "."}, numbers{decimal: ","}
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	of := func(kind string) converter {
		return converter{field: &Field{Type: kind}, numbers: plain, dates: dates{zone: time.UTC, now: now}}
	}
	german := func(kind string) converter {
		return converter{field: &Field{Type: kind}, numbers: numbers{decimal: ",", thousands: "."}, currency: "EUR"}
	}
	dated := func(kind string, forms ...string) converter {
		d := dates{zone: berlin, now: now}
		for _, text := range forms {
			form, err := newDateForm(text)
			if err != nil {
				t.Fatal(err)
			}
			d.forms = append(d.forms, form)
		}
		return converter{field: &Field{Type: kind}, dates: d}
	}
	tests := map[string]struct {
		converter converter
		text      string
		want      any
		wantErr   string
	}{
		"text":                         {of("text"), "Größe", "Größe", ""},
		"a type of a later version":    {of("shade"), "red", "red", ""},
		"integer":                      {of("integer"), "-12", int64(-12), ""},
		"integer of a spreadsheet":     {of("integer"), "12.00", int64(12), ""},
		"integer with a fraction":      {of("integer"), "12.5", nil, "must be a whole number, not 12.5"},
		"decimal":                      {of("decimal"), "0.10", "0.1", ""},
		"decimal, German":              {german("decimal"), "1.234,50", "1234.5", ""},
		"decimal, German and negative": {german("decimal"), "-1.234.567,5", "-1234567.5", ""},
		"decimal, German, with a point that is no thousands": {
			german("decimal"), "12.5", nil, `must be a decimal number such as 1.234,50, not 12.5; it is 12.5 with decimal: "." and thousands: "," in the map`,
		},
		"decimal, comma only": {
			converter{field: &Field{Type: "decimal"}, numbers: comma}, "12.5", nil, `must be a decimal number such as 12,50, not 12.5; it is 12.5 with decimal: "." and thousands: "," in the map`,
		},
		"decimal, English thousands": {converter{field: &Field{Type: "decimal"}, numbers: numbers{decimal: ".", thousands: ","}}, "1,234.5", "1234.5", ""},
		"money":                      {converter{field: &Field{Type: "money"}, numbers: plain, currency: "EUR"}, "3.50", map[string]any{"amount": "3.5", "currency": assumed("EUR")}, ""},
		"money without a currency":   {of("money"), "3.50", map[string]any{"amount": "3.5"}, ""},
		"money that is none":         {of("money"), "cheap", nil, "must be an amount such as 12.50, not cheap"},
		"yes":                        {of("boolean"), "Ja", true, ""},
		"no":                         {of("boolean"), "0", false, ""},
		"neither":                    {of("boolean"), "vielleicht", nil, `must be true or false, yes or no, or 1 or 0, not "vielleicht"; other words are translated by values: in the map`},
		"date":                       {of("date"), "2026-02-28", "2026-02-28", ""},
		"date, German":               {dated("date", "DD.MM.YYYY"), "28.02.2026", "2026-02-28", ""},
		"date, short":                {dated("date", "D.M.YY"), "1.2.26", "2026-02-01", ""},
		"date that does not exist":   {dated("date", "DD.MM.YYYY"), "30.02.2026", nil, "must be a date as DD.MM.YYYY, not 30.02.2026"},
		"date with a time":           {dated("date", "YYYY-MM-DD hh:mm:ss.SSS"), "1996-07-04 23:59:00.000", "1996-07-04", ""},
		"datetime":                   {of("datetime"), "2026-02-28T10:00:00+01:00", "2026-02-28T09:00:00.000Z", ""},
		"datetime in a zone":         {dated("datetime", "DD.MM.YYYY hh:mm"), "28.02.2026 10:00", "2026-02-28T09:00:00.000Z", ""},
		"enum by value":              {converter{field: enum}, "Blocked", "blocked", ""},
		"enum by label":              {converter{field: enum}, "gultig", "active", ""},
		"enum of neither":            {converter{field: enum}, "lost", nil, "must be one of active, blocked, not lost"},
		"phone stays as it is":       {of("phone"), "(030) 1", "(030) 1", ""},
		"phone without digits":       {of("phone"), "none", nil, "must be a phone number such as +49 30 1234567, not none"},
		"email":                      {of("email"), "A@Example.org", "a@example.org", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tt.converter.convert(tt.text)
			message := ""
			if err != nil {
				message, got = err.Error(), nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || message != tt.wantErr {
				t.Errorf("%s\ngot  %s\nwant %s", diff, message, tt.wantErr)
			}
		})
	}
}

func TestCellsBecomeTexts(t *testing.T) {
	header := "a,b,c\n"
	tests := map[string]struct {
		source, row string
		want        string
		wantReason  string
	}{
		"column":                        {"a", "x,y,z", "x", ""},
		"space around":                  {"a", "\" x \",y,z", "x", ""},
		"a text that means no value":    {"a", "NULL,y,z", "", ""},
		"join":                          {"{join: [a, b, c]}", "x,NULL,z", "x z", ""},
		"join with":                     {"{join: [a, b], with: \", \"}", "x,y,z", "x, y", ""},
		"text":                          {"{text: \"<{a}-{c}>\"}", "x,y,z", "<x-z>", ""},
		"text that lacks a value":       {"{text: \"<{a}-{c}>\"}", "x,y,", "", ""},
		"constant":                      {"{constant: 7}", "x,y,z", "7", ""},
		"constant when":                 {"{constant: yes, when: a}", "x,y,z", "yes", ""},
		"constant when not":             {"{constant: yes, when: a}", ",y,z", "", ""},
		"first of, the first":           {"{firstOf: [{join: [a, b]}, c]}", "x,y,z", "x y", ""},
		"first of, the second":          {"{firstOf: [{join: [a, b]}, c]}", ",NULL,z", "z", ""},
		"first of, none":                {"{firstOf: [a, b], default: d}", ",,z", "d", ""},
		"first of, a constant when":     {"{firstOf: [{constant: person, when: b}, {constant: organization}]}", ",,z", "organization", ""},
		"first of, what fits":           {"{firstOf: [{column: a, pattern: '[0-9]+', otherwise: skip}, b]}", "x,y,z", "y", ""},
		"first of, what does not fit":   {"{firstOf: [{column: a, pattern: '[0-9]+'}, b]}", "x,y,z", "", `note (column a, b) must match the pattern [0-9]+, not "x"`},
		"first of, then translated":     {"{firstOf: [a, b], values: {y: one}}", ",y,z", "one", ""},
		"first of, within first of":     {"{firstOf: [a, {firstOf: [b, c], pattern: '[a-y]', otherwise: skip}, {constant: q}]}", ",,z", "q", ""},
		"a text of a spreadsheet":       {"a", "\"=\"\"0123\"\"\",y,z", "0123", ""},
		"the same without quotes":       {"a", "=\"0123\",y,z", "0123", ""},
		"an apostrophe before =":        {"a", "'=1+1,y,z", "=1+1", ""},
		"an apostrophe of a name":       {"a", "'t Hooft,y,z", "'t Hooft", ""},
		"an apostrophe of a year":       {"a", "'68,y,z", "'68", ""},
		"default":                       {"{column: a, default: d}", ",y,z", "d", ""},
		"pattern with a group":          {"{column: a, pattern: '<(.*)>'}", "see <x> there,y,z", "x", ""},
		"pattern without":               {"{column: a, pattern: '[0-9]+'}", "no 12 b,y,z", "12", ""},
		"pattern that does not match":   {"{column: a, pattern: '[0-9]+'}", "x,y,z", "", `note (column a) must match the pattern [0-9]+, not "x"`},
		"pattern, skipped":              {"{column: a, pattern: '[0-9]+', otherwise: skip}", "x,y,z", "", ""},
		"pattern, kept":                 {"{column: a, pattern: '[0-9]+', otherwise: keep}", "x,y,z", "x", ""},
		"first part":                    {"{column: a, split: \" \", part: first}", "x y z,y,z", "x", ""},
		"last part":                     {"{column: a, split: \" \", part: last}", "x y z,y,z", "z", ""},
		"second part":                   {"{column: a, split: \" \", part: 2}", "x y z,y,z", "y", ""},
		"part that is not there":        {"{column: a, split: \" \", part: 4}", "x y z,y,z", "", ""},
		"values":                        {"{column: a, values: {x: one, y: \"\"}}", "x,y,z", "one", ""},
		"value that means none":         {"{column: a, values: {x: one, y: \"\"}}", "y,y,z", "", ""},
		"value that is not in the list": {"{column: a, values: {xxxx: one}}", "xxxz,y,z", "", `note (column a) must be one of the values in the map, not "xxxz"; did you mean "xxxx"?`},
		"value that is a result":        {"{column: a, values: {x: one, y: two}}", "two,y,z", "two", ""},
		"value that is both":            {"{column: a, values: {x: y, y: x}}", "x,y,z", "y", ""},
		"values, kept":                  {"{column: a, values: {x: one}, otherwise: keep}", "z,y,z", "z", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			i := &importing{
				mapping: fmt.Sprintf("entity: product\nmissing: [\"NULL\"]\nfields:\n  sku: {constant: s}\n  name: {constant: n}\n  description: %s\nignore: [a, b, c]\n", tt.source),
				file:    header + tt.row + "\n",
			}
			i.mustRun(t, s)
			reason := ""
			if len(i.reasons) > 0 {
				reason = "note" + i.reasons[0][len("description"):]
			}
			if reason != tt.wantReason {
				t.Errorf("got  %s\nwant %s", reason, tt.wantReason)
			}
			if tt.wantReason != "" {
				return
			}
			got, _ := s.records["product"][0]["description"].(string)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestKeysOfASpreadsheetAreTheSameKeys(t *testing.T) {
	s := newFakeServer(t)
	s.records["supplier"] = []map[string]any{{"id": "party-1", "number": "0815"}}
	i := &importing{entity: "product", key: "sku", file: "sku,name,supplier\n\"=\"\"0123\"\"\",a,'0815\n'0124,b,=\"0815\"\n0123,c,\n"}
	i.mustRun(t, s)
	if diff := cmp.Diff([]string{`sku is "0123" in line 2 already; leave one of the two out`}, i.reasons); diff != "" {
		t.Error(diff)
	}
	want := []map[string]any{
		{"id": "product-1", "sku": "0123", "name": "a", "supplier": "party-1"},
		{"id": "product-2", "sku": "0124", "name": "b", "supplier": "party-1"},
	}
	if diff := cmp.Diff(want, s.records["product"]); diff != "" {
		t.Error(diff)
	}
}

func TestMessagesShowTheTextOfTheFile(t *testing.T) {
	s := newFakeServer(t)
	i := &importing{
		mapping: "entity: product\nkey: sku\ndecimal: \",\"\nthousands: \".\"\ncurrency: EUR\nfields:\n  unitsInStock: {column: Lager, values: {viele: many}, otherwise: keep}\n",
		file:    "sku;name;unitsOnOrder;unitPrice;Lager\n1;a;1.234-;;5\n2;b;;1.234,50 Taler;viele\n3;c;0.123;;5\n",
	}
	i.mustRun(t, s)
	want := []string{
		`unitsOnOrder must be at least 0, not -1234 (the file has "1.234-")`,
		`unitsInStock (column Lager) must be a whole number, not many (the file has "viele"); unitPrice must be an amount such as 1.234,50 EUR, not 1.234,50 Taler; Taler is no currency`,
		`unitsOnOrder must be a whole number, not 0.123; it is 0.123 with decimal: "." and thousands: "," in the map`,
	}
	if diff := cmp.Diff(want, i.reasons); diff != "" {
		t.Error(diff)
	}
}

func TestACurrencyThatIsSaidTwiceMustBeTheSame(t *testing.T) {
	for order, fields := range map[string]string{
		"the amount first":   "  unitPrice: Preis\n  unitPrice.currency: Währung\n",
		"the currency first": "  unitPrice.currency: Währung\n  unitPrice: Preis\n",
	} {
		t.Run(order, func(t *testing.T) {
			s := newFakeServer(t)
			i := &importing{
				mapping: "entity: product\nkey: sku\ncurrency: EUR\nfields:\n" + fields,
				file:    "sku,name,Preis,Währung\n1,a,5,\n2,b,5,USD\n3,c,5 €,EUR\n4,d,5 €,USD\n",
			}
			i.mustRun(t, s)
			var got []string
			for _, product := range s.records["product"] {
				got = append(got, product["unitPrice"].(map[string]any)["currency"].(string))
			}
			if diff := cmp.Diff([]string{"EUR", "USD", "EUR"}, got); diff != "" {
				t.Error(diff)
			}
			if len(i.reasons) != 1 || !strings.Contains(i.reasons[0], "in another column") {
				t.Errorf("got %q", i.reasons)
			}
		})
	}
}

func TestNoValueLeavesOrClears(t *testing.T) {
	for empty, want := range map[string]any{"leave": "old", "clear": nil} {
		t.Run(empty, func(t *testing.T) {
			s := newFakeServer(t)
			s.records["product"] = []map[string]any{{"id": "product-1", "sku": "1", "name": "Chai", "description": "old", "category": "kept"}}
			i := &importing{mapping: "entity: product\nkey: sku\nempty: " + empty + "\n", file: "sku,name,description\n1,Chai,\n"}
			i.mustRun(t, s)
			if got := s.records["product"][0]; got["description"] != want || got["category"] != "kept" {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestWindowsFilesAreReadAndTheirRejectedRowsToo(t *testing.T) {
	s := newFakeServer(t)
	i := &importing{mapping: "entity: product\nkey: sku\ncsv: {encoding: windows-1252}\n", file: "sku;name;discontinued\n1;Gr\xfc\xdfe;no\n2;\x80;maybe\n"}
	i.mustRun(t, s)
	if s.records["product"][0]["name"] != "Grüße" {
		t.Errorf("got %v", s.records["product"])
	}
	again := &importing{mapping: i.mapping, file: i.rejected(t)}
	again.mustRun(t, s)
	if first, second := i.rejected(t), again.rejected(t); len(first) < 20 || len(second) != len(first) {
		t.Errorf("first  %q\nsecond %q", first, second)
	}
}
