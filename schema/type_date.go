package schema

import "time"

type dateType struct{ plain }

func (dateType) Name() string { return "date" }
func (dateType) Doc() string {
	return "A day of the calendar, such as 2026-02-28, without a time and without a time zone, ever."
}
func (dateType) Operators() []Op { return orderedOps }

func (dateType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	switch v := raw.(type) {
	case string:
		if t, err := time.Parse(time.DateOnly, v); err == nil && t.Year() > 0 {
			return v, nil
		}
	case time.Time: // a YAML file writes a date without quotes
		if inFourDigits(v) {
			return v.Format(time.DateOnly), nil
		}
	}
	return nil, mustBe("a date such as 2026-02-28", raw)
}
