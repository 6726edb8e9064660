package schema

import "time"

// InstantFormat is the canonical form of a datetime: UTC, with milliseconds,
// so that instants sort as texts.
const InstantFormat = "2006-01-02T15:04:05.000Z"

type datetimeType struct{ plain }

func (datetimeType) Name() string { return "datetime" }
func (datetimeType) Doc() string {
	return "An instant in UTC with milliseconds, such as 2026-02-28T09:30:00.000Z (RFC 3339); other zones are converted."
}
func (datetimeType) Operators() []Op { return orderedOps }

func (datetimeType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	switch v := raw.(type) {
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil && inFourDigits(t) {
			return Instant(t), nil
		}
	case time.Time: // a YAML file writes an instant without quotes
		if inFourDigits(v) {
			return Instant(v), nil
		}
	}
	return nil, mustBe("an instant such as 2026-02-28T09:30:00Z", raw)
}

// inFourDigits keeps instants sortable as texts.
func inFourDigits(t time.Time) bool { return t.UTC().Year() > 0 && t.UTC().Year() < 10000 }

// Instant is the canonical form of a point in time.
func Instant(t time.Time) string { return t.UTC().Format(InstantFormat) }
