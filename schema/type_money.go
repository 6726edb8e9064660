package schema

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/currency"
)

// moneyParts are the paths below a money value that can be filtered.
var moneyParts = Fields{
	{Name: "amount", Type: "decimal", Index: true, System: true},
	{Name: "currency", Type: "text", Index: true, System: true},
}

type moneyType struct{ plain }

func (moneyType) Name() string { return "money" }
func (moneyType) Doc() string {
	return "An exact amount with its currency (ISO 4217): {amount: \"12.50\", currency: EUR}."
}
func (moneyType) Options() []string { return []string{"min", "max", "scale", "currency"} }
func (moneyType) Operators() []Op   { return []Op{OpIsNull} }

func (moneyType) Lint(f *Field) []string {
	if f.Currency != "" && !isCurrency(f.Currency) {
		return []string{fmt.Sprintf("currency %q is no ISO 4217 code such as EUR", f.Currency)}
	}
	return nil
}

func (moneyType) Compare(a, b any) int {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	return decimalType{}.Compare(x["amount"], y["amount"])
}

func (moneyType) Parse(f *Field, raw any, _ Scope) (any, error) {
	var amount, code any = raw, f.Currency
	if m, ok := raw.(map[string]any); ok {
		for key := range m {
			if key != "amount" && key != "currency" {
				return nil, unfit(key, "must have amount and currency only")
			}
		}
		amount = m["amount"]
		if m["currency"] != nil {
			code = m["currency"]
		}
	}
	value, err := parseDecimal(f, amount, "an amount such as 12.50")
	if err != nil {
		return nil, err
	}
	text, _ := code.(string)
	if text == "" {
		return nil, errors.New("must say its currency, for example {amount: \"12.50\", currency: EUR}")
	}
	if text = strings.ToUpper(text); !isCurrency(text) {
		return nil, mustBe("in a currency of ISO 4217 such as EUR", text)
	}
	return map[string]any{"amount": value, "currency": text}, nil
}

func isCurrency(code string) bool {
	_, err := currency.ParseISO(code)
	return err == nil && len(code) == 3
}
