package sqlite

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema"
)

const (
	below = "a" // sorts before
	above = "c"

	most = 9999 // more than a decimal has digits before its point, in four digits
)

// decimalKey turns a decimal into a text that sorts by its bytes as the
// number does, and is equal for equal numbers, whatever their digits:
//
//	from zero   c, where the point is, the canonical decimal
//	below zero  a, 9999 less where the point is, its digits turned around, ~
//
// decimalExpression makes the same in SQL.
func decimalKey(decimal string) string {
	canonical := schema.Decimal(decimal).String()
	point := strings.IndexByte(canonical+".", '.') + 1
	if digits, negative := strings.CutPrefix(canonical, "-"); negative {
		// A longer number below zero is the smaller one: ~ sorts after every digit.
		return below + fmt.Sprintf("%04d", most-point) + turned(digits) + "~"
	}
	return above + fmt.Sprintf("%04d", point) + canonical
}

// decimalOf is the canonical decimal that decimalKey has made a key of.
func decimalOf(key string) string {
	if number, negative := strings.CutPrefix(key, below); negative {
		return "-" + turned(strings.TrimSuffix(number[4:], "~"))
	}
	return key[5:]
}

// turned replaces each digit by what it lacks to nine.
func turned(digits string) string {
	b := []byte(digits)
	for i, digit := range b {
		if digit != '.' {
			b[i] = '9' - (digit - '0')
		}
	}
	return string(b)
}

// decimalExpression is the key of the canonical decimal that an expression is,
// NULL for none, in plain SQL: files have indexes over it, and every program
// that opens one has to know what it means. So it must not change without a step
// of the layout. Each write asks for it: the expression of what is not negative is short.
func decimalExpression(x string) string {
	return fmt.Sprintf("CASE WHEN %[1]s < '0' THEN '%[2]s' || printf('%%04d', %[3]d - instr(%[1]s || '.', '.')) || %[4]s || '~' ELSE '%[5]s' || printf('%%04d', instr(%[1]s || '.', '.')) || %[1]s END",
		x, below, most, turnedExpression("substr("+x+", 2)"), above)
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
