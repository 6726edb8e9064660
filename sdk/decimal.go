package sdk

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// Decimal is an exact number: "12.50". Its zero value counts as 0. What it is
// calculated with must be numbers, as all are that come from a host; anything
// else panics: ParseDecimal first reads what comes from elsewhere.
type Decimal string

// ParseDecimal reads a number as people and programs write it, without an exponent
// and with a point: "-12.50".
func ParseDecimal(text string) (Decimal, error) {
	_, err := Decimal(text).number()
	return Decimal(text), err
}

// Add returns d + e.
func (d Decimal) Add(e Decimal) Decimal { return written(d.must().Add(e.must())) }

// Sub returns d - e.
func (d Decimal) Sub(e Decimal) Decimal { return written(d.must().Sub(e.must())) }

// Mul returns d × e, with all its digits.
func (d Decimal) Mul(e Decimal) Decimal { return written(d.must().Mul(e.must())) }

// Div returns d ÷ e with so many digits after the point, half of one away from
// zero. It panics where e is 0.
func (d Decimal) Div(e Decimal, digits int) Decimal {
	return written(d.must().DivRound(e.must(), int32(digits))) //nolint:gosec // nobody asks for two billion digits
}

// Round returns d with at most so many digits after the point, half of one away
// from zero, as invoices do (DIN 1333).
func (d Decimal) Round(digits int) Decimal {
	return written(d.must().Round(int32(digits))) //nolint:gosec // as in Div
}

// Neg returns -d.
func (d Decimal) Neg() Decimal { return written(d.must().Neg()) }

// Cmp returns -1 where d is less than e, 0 where they are the same number, such as
// 1.5 and 1.50, and 1 where d is greater.
func (d Decimal) Cmp(e Decimal) int { return d.must().Cmp(e.must()) }

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int { return d.must().Sign() }

// decimalOf is an integer, or a decimal as it travels.
func decimalOf(value any) Decimal {
	switch value := value.(type) {
	case int64:
		return Decimal(strconv.FormatInt(value, 10))
	case string:
		return Decimal(value)
	}
	return ""
}

// written is the one form of a number: without an exponent, and without zeros at
// the end that say nothing.
func written(d decimal.Decimal) Decimal { return Decimal(d.String()) }

func (d Decimal) must() decimal.Decimal {
	n, err := d.number()
	if err != nil {
		panic(err)
	}
	return n
}

func (d Decimal) number() (decimal.Decimal, error) {
	if d == "" {
		return decimal.Zero, nil
	}
	n, err := decimal.NewFromString(string(d))
	if err != nil || strings.ContainsAny(string(d), "eE") { // an exponent makes few letters a number of any length
		return decimal.Zero, fmt.Errorf("%q is no number; write it as -12.50", string(d))
	}
	return n, nil
}
