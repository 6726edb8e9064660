package sqlite

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"

	"modernc.org/sqlite"
)

// decimalFunction is the SQL function that makes decimals sort as numbers.
// Files have indexes over it: what it returns for a decimal must not change.
const decimalFunction = "xrm_decimal"

const (
	below = "a" // sorts before
	zero  = "b" // which sorts before
	above = "c"

	middle = 5000 // keeps the exponent above zero, in four digits
)

// decimalKey turns a decimal into a text that sorts by its bytes as the
// number does, and is equal for equal numbers, whatever their digits:
//
//	above zero  c, the exponent, the digits
//	zero        b
//	below zero  a, the exponent and the digits turned around, ~
//
// where the number is 0.DIGITS times ten to the exponent.
func decimalKey(decimal string) string {
	number, negative := strings.CutPrefix(decimal, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(number, "+"), ".")
	whole = strings.TrimLeft(whole, "0")
	exponent := len(whole)
	digits := whole + fraction
	if whole == "" {
		digits = strings.TrimLeft(fraction, "0")
		exponent = len(digits) - len(fraction)
	}
	digits = strings.TrimRight(digits, "0")
	if digits == "" {
		return zero
	}
	if !negative {
		return above + fmt.Sprintf("%04d", middle+exponent) + digits
	}
	// A longer number below zero is the smaller one: ~ sorts after every digit.
	return below + fmt.Sprintf("%04d", middle-exponent) + turned(digits) + "~"
}

// decimalOf is the canonical decimal that decimalKey has made a key of.
func decimalOf(key string) string {
	if key == zero {
		return "0"
	}
	exponent, _ := strconv.Atoi(key[1:5])
	exponent -= middle
	digits, sign := key[5:], ""
	if strings.HasPrefix(key, below) {
		exponent, sign = -exponent, "-"
		digits = turned(strings.TrimSuffix(digits, "~"))
	}
	switch {
	case exponent <= 0:
		return sign + "0." + strings.Repeat("0", -exponent) + digits
	case exponent >= len(digits):
		return sign + digits + strings.Repeat("0", exponent-len(digits))
	}
	return sign + digits[:exponent] + "." + digits[exponent:]
}

// turned replaces each digit by what it lacks to nine.
func turned(digits string) string {
	b := []byte(digits)
	for i, digit := range b {
		b[i] = '9' - (digit - '0')
	}
	return string(b)
}

// newDriver returns a driver whose connections know our functions. It is ours
// alone: nothing is registered for the rest of the process.
func (s *Store) newDriver() (driver.Driver, error) {
	d := &sqlite.Driver{}
	if err := d.RegisterDeterministicScalarFunction(wordsFunction, 3, s.hasWord); err != nil {
		return nil, err
	}
	err := d.RegisterDeterministicScalarFunction(decimalFunction, 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		if text, ok := args[0].(string); ok {
			return decimalKey(text), nil
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	err = d.RegisterFunction(sumFunction, &sqlite.FunctionImpl{
		NArgs: 1, Deterministic: true, VolatileArgs: true, // a step keeps the number, not the text
		MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return &sum{}, nil },
	})
	return d, err
}
