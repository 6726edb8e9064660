package sdk

import (
	"strings"
	"time"
)

// value is what lies at a path, such as "total.currency"; nil for nothing.
func (r *Record) value(path string) any {
	var value any = r.Values
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// Text returns the text at a path, such as "name" or "address.city": also an
// option, a date, the id that a reference has. It is "" for none.
func (r *Record) Text(path string) string {
	s, _ := r.value(path).(string)
	return s
}

// Int returns the integer at a path, or 0.
func (r *Record) Int(path string) int64 {
	n, _ := r.value(path).(int64)
	return n
}

// Bool returns what is true or false at a path; false for neither.
func (r *Record) Bool(path string) bool {
	b, _ := r.value(path).(bool)
	return b
}

// Decimal returns the exact number at a path, also of an integer or of an amount
// ("total.amount"), or "", which counts as 0.
func (r *Record) Decimal(path string) Decimal { return decimalOf(r.value(path)) }

// Time returns the instant of a datetime at a path, in UTC; the zero time for none.
func (r *Record) Time(path string) time.Time { return instant(r.Text(path)) }

// Date returns the day at a path, or "".
func (r *Record) Date(path string) Date { return Date(r.Text(path)) }

// Money returns the amount and the currency at a path; the zero Money for none.
func (r *Record) Money(path string) Money {
	return Money{Amount: r.Decimal(path + ".amount"), Currency: r.Text(path + ".currency")}
}
