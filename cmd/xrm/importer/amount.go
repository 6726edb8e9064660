package importer

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/currency"
)

// currencySigns are the signs that people write instead of a code of ISO 4217,
// with the currencies that they may mean (the symbols of CLDR). A sign of
// several is understood where the map names one of them.
var currencySigns = map[string][]string{
	"€": {"EUR"}, "£": {"GBP"}, "₹": {"INR"}, "₺": {"TRY"}, "₽": {"RUB"}, "₴": {"UAH"}, "₩": {"KRW"}, "₪": {"ILS"},
	"zł": {"PLN"}, "Kč": {"CZK"}, "Fr.": {"CHF"}, "SFr.": {"CHF"}, "US$": {"USD"}, "R$": {"BRL"},
	"$":  {"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "TWD", "ARS", "CLP", "COP"},
	"¥":  {"JPY", "CNY"},
	"kr": {"SEK", "NOK", "DKK", "ISK"}, "kr.": {"DKK", "SEK", "NOK", "ISK"},
}

// assumed is the code of a currency that only the map gives: what the row
// itself says goes before it.
type assumed string

// money makes an amount with its currency of a text such as 1.234,50 €.
func (c *converter) money(text string) (any, error) {
	bare, negative, ok := signed(text)
	number, sign := withoutCurrency(bare)
	if negative {
		number = "-" + number
	}
	plain := c.numbers.plain(number)
	if plain == "" || !ok {
		return nil, c.numbers.unfit("an amount such as "+c.numbers.sample(), text, number)
	}
	amount, err := (&converter{field: &Field{Name: c.field.Name, Type: "decimal"}}).parse(plain)
	if err != nil {
		return nil, err
	}
	money := map[string]any{"amount": amount}
	if c.currency != "" {
		money["currency"] = assumed(c.currency)
	}
	if sign == "" {
		return money, nil
	}
	code, err := c.currencyOf(sign, text)
	money["currency"] = code
	return money, err
}

// withoutCurrency takes what stands in front of the number or behind it.
func withoutCurrency(text string) (number, sign string) {
	symbol := func(r rune) bool { return unicode.IsLetter(r) || unicode.Is(unicode.Sc, r) }
	front := text[:len(text)-len(strings.TrimLeftFunc(text, symbol))]
	if _, known := currencySigns[front+"."]; known && strings.HasPrefix(text[len(front):], ".") {
		front += "."
	}
	if front != "" {
		return strings.Trim(text[len(front):], spaceSigns), front
	}
	number = strings.TrimRightFunc(strings.TrimSuffix(text, "."), symbol)
	if number == strings.TrimSuffix(text, ".") {
		return text, ""
	}
	return strings.Trim(number, spaceSigns), text[len(number):]
}

// currencyOf returns the code that a sign or a code means.
func (c *converter) currencyOf(sign, text string) (string, error) {
	if meant := currencySigns[sign]; len(meant) == 1 {
		return meant[0], nil
	} else if own := strings.ToUpper(c.currency); slices.Contains(meant, own) {
		return own, nil
	} else if meant != nil {
		return "", fmt.Errorf("has the sign %s, which %s use (%s); say with currency: in the map which one is meant", sign, strings.Join(meant[:2], ", ")+" and others", text)
	}
	unit, err := currency.ParseISO(sign)
	if err != nil || len(sign) != 3 {
		return "", fmt.Errorf("must be an amount such as %s EUR, not %s; %s is no currency", c.numbers.sample(), text, sign)
	}
	return unit.String(), nil
}
