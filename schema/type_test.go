package schema_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

type values = map[string]any

func ptr[T any](v T) *T { return &v }

func TestParse(t *testing.T) {
	t.Parallel()
	enum := &schema.Field{Type: "enum", Options: schema.Options{{Value: "open"}, {Value: "closed"}}}
	day := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	long := strings.Repeat("ü", 50)
	tests := map[string]struct {
		field   *schema.Field // Type alone, when nil: the first word of the name
		raw     any
		region  string
		beside  values
		want    any
		wantErr string
	}{
		"text":                 {raw: " Größe ", want: "Größe"},
		"text of spaces":       {raw: "  ", want: ""},
		"text number":          {raw: 7, wantErr: "must be a text, not 7"},
		"text null":            {raw: nil, wantErr: "must be a text, not null"},
		"text list":            {raw: []any{"a"}, wantErr: "must be a text, not a list"},
		"text object":          {raw: values{"a": 1}, wantErr: "must be a text, not an object"},
		"text too long":        {field: &schema.Field{Type: "text", Max: ptr[int64](3)}, raw: "Größe", wantErr: "must have at most 3 characters, not 5"},
		"text just fits":       {field: &schema.Field{Type: "text", Max: ptr[int64](5)}, raw: "Größe", want: "Größe"},
		"text broken":          {raw: "a\xffb", wantErr: "must be valid UTF-8 without null characters"},
		"text null character":  {raw: "a\x00b", wantErr: "must be valid UTF-8 without null characters"},
		"integer":              {raw: int64(7), want: int64(7)},
		"integer int":          {raw: -7, want: int64(-7)},
		"integer whole float":  {raw: 7.0, want: int64(7)},
		"integer JSON number":  {raw: json.Number("9223372036854775807"), want: int64(math.MaxInt64)},
		"integer text":         {raw: "-9223372036854775808", want: int64(math.MinInt64)},
		"integer fraction":     {raw: 7.5, wantErr: "must be a whole number, not 7.5"},
		"integer inexact":      {raw: 1e17, wantErr: "must be a whole number, not 1e+17"},
		"integer too great":    {raw: json.Number("9223372036854775808"), wantErr: "must be a whole number, not 9223372036854775808"},
		"integer word":         {raw: "seven", wantErr: "must be a whole number, not seven"},
		"integer empty":        {raw: "", wantErr: `must be a whole number, not ""`},
		"integer boolean":      {raw: true, wantErr: "must be a whole number, not true"},
		"integer below min":    {field: &schema.Field{Type: "integer", Min: ptr[int64](0)}, raw: -1, wantErr: "must be at least 0, not -1"},
		"integer above max":    {field: &schema.Field{Type: "integer", Max: ptr[int64](5)}, raw: 6, wantErr: "must be at most 5, not 6"},
		"decimal":              {raw: "12.50", want: "12.5"},
		"decimal int":          {raw: 12, want: "12"},
		"decimal int64":        {raw: int64(-12), want: "-12"},
		"decimal float":        {raw: 0.1, want: "0.1"},
		"decimal JSON number":  {raw: json.Number("1265793.0395"), want: "1265793.0395"},
		"decimal signs, zeros": {raw: "+007.700", want: "7.7"},
		"decimal minus zero":   {raw: "-0.00", want: "0"},
		"decimal bare point":   {raw: ".5", want: "0.5"},
		"decimal 34 digits":    {raw: "1234567890123456789012345678901.234", want: "1234567890123456789012345678901.234"},
		"decimal 35 digits":    {raw: "12345678901234567890123456789012.345", wantErr: "must have at most 34 digits, not 12345678901234567890123456789012.345"},
		"decimal deep":         {raw: "0." + strings.Repeat("0", 34) + "1", wantErr: "must have at most 34 digits, not 0.00000000000000000000000000000000001"},
		"decimal exponent":     {raw: "1e9", wantErr: "must be a decimal number such as 12.50, not 1e9"},
		"decimal infinite":     {raw: math.Inf(1), wantErr: "must be a decimal number such as 12.50, not +Inf"},
		"decimal comma":        {raw: "12,50", wantErr: "must be a decimal number such as 12.50, not 12,50"},
		"decimal scale":        {field: &schema.Field{Type: "decimal", Scale: ptr(2)}, raw: "1.234", wantErr: "must have at most 2 digits after the point, not 1.234"},
		"decimal min":          {field: &schema.Field{Type: "decimal", Min: ptr[int64](0)}, raw: "-0.01", wantErr: "must be at least 0, not -0.01"},
		"decimal max":          {field: &schema.Field{Type: "decimal", Max: ptr[int64](1)}, raw: "1.01", wantErr: "must be at most 1, not 1.01"},
		"money":                {raw: values{"amount": "12.50", "currency": "eur"}, want: values{"amount": "12.5", "currency": "EUR"}},
		"money default":        {field: &schema.Field{Type: "money", Currency: "USD"}, raw: 18, want: values{"amount": "18", "currency": "USD"}},
		"money null currency":  {field: &schema.Field{Type: "money", Currency: "USD"}, raw: values{"amount": 18, "currency": nil}, want: values{"amount": "18", "currency": "USD"}},
		"money no currency":    {raw: "12.50", wantErr: `must say its currency, for example {amount: "12.50", currency: EUR}`},
		"money odd currency":   {raw: values{"amount": 1, "currency": "Euro"}, wantErr: "must be in a currency of ISO 4217 such as EUR, not EURO"},
		"money no amount":      {raw: values{"currency": "EUR"}, wantErr: "must be an amount such as 12.50, not null"},
		"money more":           {raw: values{"amount": 1, "currency": "EUR", "tax": 1}, wantErr: "must have amount and currency only, not tax"},
		"money min":            {field: &schema.Field{Type: "money", Min: ptr[int64](0), Currency: "EUR"}, raw: "-1", wantErr: "must be at least 0, not -1"},
		"boolean":              {raw: true, want: true},
		"boolean text":         {raw: "false", want: false},
		"boolean number":       {raw: 1, wantErr: "must be true or false, not 1"},
		"boolean yes":          {raw: "yes", wantErr: "must be true or false, not yes"},
		"date":                 {raw: "2026-02-28", want: "2026-02-28"},
		"date YAML":            {raw: day, want: "2026-02-28"},
		"date that is none":    {raw: "2026-02-30", wantErr: "must be a date such as 2026-02-28, not 2026-02-30"},
		"date with time":       {raw: "2026-02-28T00:00:00Z", wantErr: "must be a date such as 2026-02-28, not 2026-02-28T00:00:00Z"},
		"date short":           {raw: "2026-2-8", wantErr: "must be a date such as 2026-02-28, not 2026-2-8"},
		"datetime":             {raw: "2026-02-28T09:30:00Z", want: "2026-02-28T09:30:00.000Z"},
		"datetime zone":        {raw: "2026-02-28T00:30:00.123456+01:00", want: "2026-02-27T23:30:00.123Z"},
		"datetime Go":          {raw: day, want: "2026-02-28T00:00:00.000Z"},
		"datetime far":         {raw: "9999-12-31T23:59:59-01:00", wantErr: "must be an instant such as 2026-02-28T09:30:00Z, not 9999-12-31T23:59:59-01:00"},
		"datetime Go far":      {raw: day.AddDate(9000, 0, 0), wantErr: "must be an instant such as 2026-02-28T09:30:00Z, not 11026-02-28 00:00:00 +0000 UTC"},
		"datetime no zone":     {raw: "2026-02-28T09:30:00", wantErr: "must be an instant such as 2026-02-28T09:30:00Z, not 2026-02-28T09:30:00"},
		"enum":                 {field: enum, raw: "open", want: "open"},
		"enum other":           {field: enum, raw: "paused", wantErr: "must be one of open, closed, not paused"},
		"enum case":            {field: enum, raw: "Open", wantErr: "must be one of open, closed, not Open"},
		"enum number":          {field: enum, raw: 7, wantErr: "must be one of open, closed, not 7"},
		"email":                {raw: " Maria@Example.ORG ", want: "maria@example.org"},
		"email no domain":      {raw: "maria@localhost", wantErr: "must be an e-mail address such as maria@example.org, not maria@localhost"},
		"email with name":      {raw: "Maria <maria@example.org>", wantErr: "must be an e-mail address such as maria@example.org, not Maria <maria@example.org>"},
		"email Unicode domain": {raw: "Jürgen@MÜLLER.de", want: "jürgen@müller.de"},
		"email Punycode":       {raw: "maria@xn--mller-kva.de", want: "maria@müller.de"},
		"email decomposed":     {raw: "ju\u0308rgen@mu\u0308ller.de", want: "jürgen@müller.de"},
		"email unseen":         {raw: "\u200bmaria@\u2060example.org", want: "maria@example.org"},
		"email wide":           {raw: "maria@ＥＸＡＭＰＬＥ．ｏｒｇ", want: "maria@example.org"},
		"email last point":     {raw: "maria@example.org.", want: "maria@example.org"},
		"email underscore":     {raw: "maria@my_host.example.org", want: "maria@my_host.example.org"},
		"email tab":            {raw: "maria\t@example.org", wantErr: "must be an e-mail address such as maria@example.org, not maria\t@example.org"},
		"email bell":           {raw: "maria\a@example.org", wantErr: "must not have control characters such as U+0007"},
		"email long":           {raw: long, wantErr: "must be an e-mail address such as maria@example.org, not " + strings.Repeat("ü", 40) + "…"},
		"phone":                {raw: "+49 30 0074321", want: values{"raw": "+49 30 0074321", "e164": "+49300074321"}},
		"phone region":         {raw: "030-0074321", region: "DE", want: values{"raw": "030-0074321", "e164": "+49300074321"}},
		"phone beside":         {field: &schema.Field{Type: "phone", RegionFrom: "country"}, raw: "030-0074321", region: "FR", beside: values{"country": "DE"}, want: values{"raw": "030-0074321", "e164": "+49300074321"}},
		"phone country lower":  {field: &schema.Field{Type: "phone", RegionFrom: "country"}, raw: "030-0074321", region: "FR", beside: values{"country": " de "}, want: values{"raw": "030-0074321", "e164": "+49300074321"}},
		"phone not valid":      {raw: "(5) 555-4729", region: "MX", want: values{"raw": "(5) 555-4729"}},
		"phone canonical":      {raw: values{"raw": "+49 30 0074321", "e164": "+1"}, want: values{"raw": "+49 30 0074321", "e164": "+49300074321"}},
		"phone words":          {raw: "none", wantErr: "must be a phone number such as +49 30 1234567, not none"},
		"phone more":           {raw: values{"raw": "1", "prefix": "2"}, wantErr: "must have raw only, not prefix"},
		"url":                  {raw: " https://example.org/a?b#c ", want: "https://example.org/a?b#c"},
		"url other":            {raw: "javascript://example.org/%0aalert(1)", wantErr: "must be a web address such as https://example.org, not javascript://example.org/%0aalert(1)"},
		"url bare":             {raw: "example.org", want: "https://example.org"},
		"url bare with port":   {raw: "www.Example.org:8080/A?b=C", want: "https://www.example.org:8080/A?b=C"},
		"url bare slashes":     {raw: "//example.org/a", want: "https://example.org/a"},
		"url word":             {raw: "example", wantErr: "must be a web address such as https://example.org, not example"},
		"url localhost":        {raw: "http://localhost:8080", want: "http://localhost:8080"},
		"url of a mail":        {raw: "maria@example.org", wantErr: "must be a web address such as https://example.org, not maria@example.org"},
		"url mailto":           {raw: "mailto:maria@example.org", wantErr: "must be a web address such as https://example.org, not mailto:maria@example.org"},
		"url tel":              {raw: "tel:030123", wantErr: "must be a web address such as https://example.org, not tel:030123"},
		"url script":           {raw: "javascript:alert(1)", wantErr: "must be a web address such as https://example.org, not javascript:alert(1)"},
		"url ftp":              {raw: "ftp://example.org", wantErr: "must be a web address such as https://example.org, not ftp://example.org"},
		"url space":            {raw: "https://example.org/a b", wantErr: "must be a web address without spaces such as https://example.org/a%20b, not https://example.org/a b"},
		"url space in host":    {raw: "exa mple.org", wantErr: "must be a web address without spaces such as https://example.org/a%20b, not exa mple.org"},
		"url no-break space":   {raw: "example.org/a\u00a0b", wantErr: "must be a web address without spaces such as https://example.org/a%20b, not example.org/a\u00a0b"},
		"url Unicode host":     {raw: "HTTPS://MÜLLER.de/Ä", want: "https://müller.de/Ä"},
		"url Punycode host":    {raw: "https://xn--mller-kva.de/%C3%84", want: "https://müller.de/%C3%84"},
		"url decomposed host":  {raw: "https://mu\u0308ller.de", want: "https://müller.de"},
		"url sharp s":          {raw: "https://straße.de", want: "https://straße.de"},
		"url last point":       {raw: "https://example.org./", want: "https://example.org/"},
		"url user":             {raw: "https://Ada:X@Example.org", want: "https://Ada:X@example.org"},
		"url IPv6":             {raw: "http://[2001:DB8::1]:80/", want: "http://[2001:db8::1]:80/"},
		"url underscore":       {raw: "https://my_host.example.org", want: "https://my_host.example.org"},
		"url no Punycode":      {raw: "https://xn--zz-_.de", wantErr: "must be a web address such as https://example.org, not https://xn--zz-_.de"},
		"country":              {raw: " de ", want: "DE"},
		"country alias":        {raw: "UK", wantErr: "must be GB, not UK"},
		"country name":         {raw: "Germany", wantErr: "must be a country by its two letters such as DE, not Germany"},
		"country union":        {raw: "EU", wantErr: "must be a country by its two letters such as DE, not EU"},
		"country odd":          {raw: "ZZ", wantErr: "must be a country by its two letters such as DE, not ZZ"},
		"language":             {raw: "pt-br", want: "pt-BR"},
		"language odd":         {raw: "German", wantErr: "must be a language such as de or pt-BR, not German"},
		"language undefined":   {raw: "und", wantErr: "must be a language such as de or pt-BR, not und"},
		"reference":            {field: &schema.Field{Type: "reference", To: "party"}, raw: " 0198 ", want: "0198"},
		"reference object":     {field: &schema.Field{Type: "reference", To: "party"}, raw: values{"id": "1"}, wantErr: "must be the id of a party, not an object"},
		"reference empty":      {field: &schema.Field{Type: "reference", To: "order"}, raw: "", wantErr: `must be the id of an order, not ""`},
		"list":                 {raw: []any{"a"}, want: []any{"a"}},
		"list one":             {raw: "a", wantErr: "must be a list, not a"},
		"object":               {raw: values{"a": 1}, want: values{"a": 1}},
		"object text":          {raw: "a", wantErr: "must be an object, not a"},
		"autonumber":           {raw: " C-1 ", want: "C-1"},
		"autonumber number":    {raw: 1, wantErr: "must be a text, not 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := tt.field
			if f == nil {
				kind, _, _ := strings.Cut(name, " ")
				f = &schema.Field{Type: kind}
			}
			got, err := f.Kind().Parse(f, tt.raw, schema.Scope{Siblings: tt.beside, Region: tt.region})
			if tt.wantErr != "" {
				if err == nil || err.Error() != tt.wantErr {
					t.Errorf("Parse(%v) = %v, %v; want %s", tt.raw, got, err, tt.wantErr)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("Parse(%v) = %v (-want +got):\n%s", tt.raw, err, diff)
			}
		})
	}
}

func TestCompareIsTheOrderOfTheValues(t *testing.T) {
	t.Parallel()
	ordered := map[string][]any{
		"text":       {"A", "Z", "a", "é"},
		"integer":    {int64(math.MinInt64), int64(-1), int64(0), int64(math.MaxInt64)},
		"decimal":    {"-10", "-9.5", "0", "0.1", "2", "10", "1234567890123456789012345678901.234"},
		"money":      {values{"amount": "9", "currency": "EUR"}, values{"amount": "10", "currency": "EUR"}},
		"boolean":    {false, true},
		"date":       {"1996-07-04", "2026-02-28"},
		"datetime":   {"2026-02-28T09:30:00.000Z", "2026-02-28T09:30:00.001Z"},
		"autonumber": {"C-1", "C-2"},
	}
	for name, list := range ordered {
		kind := (&schema.Field{Type: name}).Kind()
		for i, a := range list {
			for j, b := range list {
				if got, want := kind.Compare(a, b), compareInt(i, j); got != want {
					t.Errorf("%s: Compare(%v, %v) = %d, want %d", name, a, b, got, want)
				}
			}
		}
	}
}

func compareInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestAutonumber(t *testing.T) {
	t.Parallel()
	newYear := time.Date(2026, 1, 1, 0, 30, 0, 0, time.FixedZone("CET", 3600))
	tests := map[string]struct {
		format string
		n      int64
		want   string
	}{
		"padded":       {"C-{00000}", 7, "C-00007"},
		"outgrown":     {"C-{000}", 12345, "C-12345"},
		"year, in UTC": {"O-{YYYY}-{00}", 7, "O-2025-07"},
		"as it is":     {"{0}/A{B}", 7, "7/A{B}"},
	}
	for name, tt := range tests {
		if got := schema.Autonumber(tt.format, newYear, tt.n); got != tt.want {
			t.Errorf("%s: Autonumber(%q, %v, %d) = %q, want %q", name, tt.format, newYear, tt.n, got, tt.want)
		}
	}
}

func TestAutonumberOfReadsANumberBack(t *testing.T) {
	tests := map[string]struct {
		format, number, year string
		n                    int64
		ok                   bool
	}{
		"its own":            {"C-{00000}", "C-00042", "", 42, true},
		"longer than zeros":  {"C-{000}", "C-123456", "", 123456, true},
		"with a year":        {"O-{YYYY}-{00000}", "O-2026-00007", "2026", 7, true},
		"year behind":        {"{000}/{YYYY}", "012/2025", "2025", 12, true},
		"another prefix":     {"C-{00000}", "S-00042", "", 0, false},
		"letters":            {"C-{00000}", "C-ALFKI", "", 0, false},
		"something behind":   {"C-{00000}", "C-00042b", "", 0, false},
		"no year":            {"O-{YYYY}-{000}", "O-26-007", "", 0, false},
		"beyond 64 bits":     {"{0}", "99999999999999999999", "", 0, false},
		"another system's":   {"C-{00000}", "ALFKI", "", 0, false},
		"no counter at all":  {"C", "C", "", 0, false},
		"nothing but digits": {"{0}", "7", "", 7, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n, year, ok := schema.AutonumberOf(tt.format, tt.number)
			if ok != tt.ok || ok && (n != tt.n || year != tt.year) {
				t.Errorf("AutonumberOf(%q, %q) = %d, %q, %v; want %d, %q, %v", tt.format, tt.number, n, year, ok, tt.n, tt.year, tt.ok)
			}
		})
	}
}
