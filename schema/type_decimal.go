package schema

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"

	"github.com/shopspring/decimal"
)

// maxDigits is what a Decimal128 holds exactly (IEEE 754-2008).
const maxDigits = 34

type decimalType struct{ plain }

func (decimalType) Name() string { return "decimal" }
func (decimalType) Doc() string {
	return "An exact decimal number of up to 34 digits; a text in the API, never a float."
}
func (decimalType) Options() []string { return []string{"min", "max", "scale"} }
func (decimalType) Operators() []Op   { return orderedOps }

func (decimalType) Compare(a, b any) int {
	x, _ := a.(string)
	y, _ := b.(string)
	return Decimal(x).Cmp(Decimal(y))
}

// Decimal is the number that a canonical decimal stands for; 0 for anything else.
func Decimal(canonical string) decimal.Decimal {
	d, _ := decimal.NewFromString(canonical)
	return d
}

// Number is the number that a canonical value stands for, exactly; no value is 0.
func Number(value any) decimal.Decimal {
	switch v := value.(type) {
	case int64:
		return decimal.NewFromInt(v)
	case string:
		return Decimal(v)
	}
	return decimal.Zero
}

func (decimalType) Parse(f *Field, raw any, _ Scope) (any, error) {
	return parseDecimal(f, raw, "a decimal number such as 12.50")
}

// decimalForm keeps exponents out, whose expansion could fill the memory.
var decimalForm = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)$`)

func parseDecimal(f *Field, raw any, what string) (string, error) {
	var text string
	switch v := raw.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case int64:
		text = strconv.FormatInt(v, 10)
	case int:
		text = strconv.Itoa(v)
	case float64:
		// A float that a JSON decoder made of a short literal prints as that literal again.
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return "", mustBe(what, raw)
		}
		text = strconv.FormatFloat(v, 'f', -1, 64)
	}
	if !decimalForm.MatchString(text) || len(text) > 2*maxDigits {
		return "", mustBe(what, raw)
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return "", mustBe(what, raw)
	}
	s := d.String() // without trailing zeros and sign of zero: equal numbers are equal texts
	d = Decimal(s)
	switch {
	case d.NumDigits() > maxDigits || -d.Exponent() > maxDigits:
		return "", unfit(raw, "must have at most %d digits", maxDigits)
	case f.Scale != nil && -int(d.Exponent()) > *f.Scale:
		return "", unfit(s, "must have at most %d digits after the point", *f.Scale)
	case f.Min != nil && d.LessThan(decimal.NewFromInt(*f.Min)):
		return "", unfit(s, "must be at least %d", *f.Min)
	case f.Max != nil && d.GreaterThan(decimal.NewFromInt(*f.Max)):
		return "", unfit(s, "must be at most %d", *f.Max)
	}
	return s, nil
}
