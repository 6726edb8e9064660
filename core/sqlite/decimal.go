package sqlite

import (
	"fmt"
	"strconv"
	"strings"
)

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
// where the number is 0.DIGITS times ten to the exponent. decimalExpression
// makes the same in SQL.
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

// decimalExpression is the key of the canonical decimal that an expression is,
// NULL for none, in plain SQL: files have indexes over it, and every program
// that opens one has to know what it means. So it must not change either.
func decimalExpression(x string) string {
	rest := "ltrim(" + x + ", '-0.')" // from the first digit that counts
	digits := "rtrim(replace(" + rest + ", '.', ''), '0')"
	exponent := "(instr(" + x + " || '.', '.') - 1 - length(" + x + ") + length(" + rest + ")" +
		" + (instr(" + x + ", '.') > 0) - (instr(" + rest + ", '.') > 0))" // the point, where it has gone with the zeros
	return fmt.Sprintf("CASE WHEN %[1]s = '' THEN '%[2]s' WHEN substr(%[3]s, 1, 1) = '-' THEN '%[4]s' || printf('%%04d', %[5]d - %[6]s) || %[7]s || '~' ELSE '%[8]s' || printf('%%04d', %[5]d + %[6]s) || %[9]s END",
		rest, zero, x, below, middle, exponent, turnedExpression(digits), above, digits)
}

// turnedExpression is turned in SQL: each digit changes places with what it
// lacks to nine.
func turnedExpression(digits string) string {
	for low := range 5 {
		for _, swap := range [][2]string{{digit(low), "x"}, {digit(9 - low), digit(low)}, {"x", digit(9 - low)}} {
			digits = "replace(" + digits + ", '" + swap[0] + "', '" + swap[1] + "')"
		}
	}
	return digits
}

func digit(n int) string { return strconv.Itoa(n) }
