package schema

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
)

type integerType struct{ plain }

func (integerType) Name() string { return "integer" }
func (integerType) Doc() string {
	return "A whole number of up to 64 bits. In the API it is an Int if its min and max lie within 32 bits, else a Long: a text."
}
func (integerType) Options() []string { return []string{"min", "max"} }
func (integerType) Operators() []Op   { return orderedOps }

func (integerType) Compare(a, b any) int {
	x, _ := a.(int64)
	y, _ := b.(int64)
	return cmp.Compare(x, y)
}

func (integerType) Parse(f *Field, raw any, _ Scope) (any, error) {
	n, ok := wholeNumber(raw)
	if !ok {
		return nil, mustBe("a whole number", raw)
	}
	if f.Min != nil && n < *f.Min {
		return nil, unfit(n, "must be at least %d", *f.Min)
	}
	if f.Max != nil && n > *f.Max {
		return nil, unfit(n, "must be at most %d", *f.Max)
	}
	return n, nil
}

// Within32Bits says whether the bounds of an integer keep every value within 32
// bits: what the API answers as a number, since every client knows it exactly.
func (f *Field) Within32Bits() bool {
	return f.Type == "integer" && f.Min != nil && f.Max != nil && *f.Min >= math.MinInt32 && *f.Max <= math.MaxInt32
}

func wholeNumber(raw any) (int64, bool) {
	switch v := raw.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case float64:
		// Beyond 2^53 a float64 no longer holds every whole number.
		if v == math.Trunc(v) && math.Abs(v) <= 1<<53 {
			return int64(v), true
		}
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		return n, err == nil
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}
