package importer

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

func TestAWrongSeparatorNeverMultipliesByAThousand(t *testing.T) {
	german, english := numbers{decimal: ",", thousands: "."}, numbers{decimal: ".", thousands: ","}
	swiss, none := numbers{decimal: ".", thousands: "'"}, numbers{decimal: "."}
	tests := []struct {
		numbers    numbers
		text, want string // "" for refused
	}{
		{german, "0.123", ""}, {german, ".123", ""}, {german, "00.123", ""}, {german, "1.23", ""}, {german, "1.2345", ""}, {german, "1234.567", ""},
		{german, "1.234,5", "1234.5"}, {german, "1.234", "1234"}, {german, "0,123", "0.123"}, {german, ",5", "0.5"}, {german, "1,234.5", ""},
		{german, "1.234 567", ""}, {german, "1..234", ""}, {german, "1.234.", ""}, {german, "1,234,5", ""}, {german, "1,", ""}, {german, ",", ""}, {german, "", ""},
		{german, "1\u00a0234,50", "1234.50"}, {german, "1\u202f234\u202f567", "1234567"}, {german, "12 345", "12345"}, {german, "0 123", ""}, {german, "12 34", ""},
		{english, "0,123", ""}, {english, ",123", ""}, {english, "1,234.5", "1234.5"}, {english, "1,234", "1234"}, {english, "12,34,567", ""},
		{swiss, "1'234.50", "1234.50"}, {swiss, "1’234’567", "1234567"}, {swiss, "0'123", ""}, {none, "1'234.50", "1234.50"}, {none, "1,234", ""},
		{none, "1.234", "1.234"}, {none, ".5", "0.5"}, {none, "007", "007"}, {none, "1e5", ""}, {none, "١٢", ""}, {none, "0x10", ""},
		{german, "1.234,50-", "-1234.50"}, {german, "-1.234,50", "-1234.50"}, {german, "−5", "-5"}, {german, "5−", "-5"}, {german, "- 5", "-5"}, {german, "+5", "5"},
		{german, "(1.234,50)", "-1234.50"}, {german, "(5", ""}, {german, "(-5)", ""}, {german, "-5-", ""}, {german, "--5", ""}, {german, "5+", ""}, {german, "()", ""}, {german, "-", ""},
	}
	for _, tt := range tests {
		if got := tt.numbers.plain(tt.text); got != tt.want {
			t.Errorf("%q with decimal %q and thousands %q is %q, want %q", tt.text, tt.numbers.decimal, tt.numbers.thousands, got, tt.want)
		}
	}
}

func TestAmountsMayHaveASignOrACodeOfTheirCurrency(t *testing.T) {
	tests := []struct {
		currency, text string
		want           string // amount, currency; or the reason
	}{
		{"EUR", "1.234,50 €", "1234.5 EUR"}, {"EUR", "1.234,50 EUR", "1234.5 EUR"}, {"EUR", "1.234,50\u00a0€", "1234.5 EUR"}, {"EUR", "EUR 1.234,50-", "-1234.5 EUR"},
		{"", "€ -5", "-5 EUR"}, {"", "-5 €", "-5 EUR"}, {"", "-€5", "-5 EUR"}, {"", "(5,00 €)", "-5 EUR"}, {"", "5€-", "-5 EUR"},
		{"EUR", "5 chf", "5 CHF"}, {"EUR", "Fr. 5", "5 CHF"}, {"", "SFr.1’234,50", "1234.5 CHF"}, {"", "5 zł", "5 PLN"}, {"", "5 kr.", "has the sign kr., which DKK, SEK and others use (5 kr.); say with currency: in the map which one is meant"},
		{"CAD", "$ 5", "5 CAD"}, {"", "US$5", "5 USD"},
		{"EUR", "$5", "has the sign $, which USD, CAD and others use ($5); say with currency: in the map which one is meant"},
		{"EUR", "5 Stück", "must be an amount such as 1.234,50 EUR, not 5 Stück; Stück is no currency"},
		{"EUR", "€ 5 EUR", "must be an amount such as 1.234,50, not € 5 EUR"},
		{"EUR", "-€-5", "must be an amount such as 1.234,50, not -€-5"},
		{"EUR", "0.123 €", "must be an amount such as 1.234,50, not 0.123 €; it is 0.123 with decimal: \".\" and thousands: \",\" in the map"},
		{"EUR", "cheap", "must be an amount such as 1.234,50, not cheap"},
		{"EUR", "€", "must be an amount such as 1.234,50, not €"},
	}
	for _, tt := range tests {
		c := converter{field: &Field{Type: "money"}, numbers: numbers{decimal: ",", thousands: "."}, currency: tt.currency}
		value, err := c.convert(tt.text)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			money := withoutGaps(value).(map[string]any)
			got = money["amount"].(string) + " " + money["currency"].(string)
		}
		if got != tt.want {
			t.Errorf("%q with currency %q\ngot  %s\nwant %s", tt.text, tt.currency, got, tt.want)
		}
	}
}

// FuzzNumbers checks that a number that is read is the one that its digits
// make: signs between thousands only ever fall away between three digits.
func FuzzNumbers(f *testing.F) {
	for _, seed := range []string{"1.234,50", "0.123", "-1 234", "(1'234)", "1,5-", ".5", "1\u202f234"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, comma bool) {
		n := numbers{decimal: ".", thousands: ","}
		if comma {
			n = numbers{decimal: ",", thousands: "."}
		}
		plain := n.plain(text)
		if plain == "" {
			return
		}
		if _, err := decimal.NewFromString(plain); err != nil {
			t.Fatalf("%q becomes %q: %v", text, plain, err)
		}
		whole, fraction, _ := strings.Cut(text, n.decimal)
		digits := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, s)
		}
		if got, _, _ := strings.Cut(strings.TrimPrefix(plain, "-"), "."); got != digits(whole) && (got != "0" || digits(whole) != "") {
			t.Fatalf("%q becomes %q", text, plain)
		}
		if _, got, _ := strings.Cut(plain, "."); got != digits(fraction) {
			t.Fatalf("%q becomes %q", text, plain)
		}
		if len(digits(whole)) > 1 && digits(whole)[0] == '0' && strings.Trim(whole, "+-−() \u00a0\u202f\u2009\u2007") != digits(whole) {
			t.Fatalf("%q becomes %q, though its first group begins with 0", text, plain)
		}
	})
}
