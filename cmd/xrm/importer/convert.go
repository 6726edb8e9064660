package importer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openxrm/xrm/schema"
)

// converter turns a text into a value of a field's type. Where the type's own
// rules do, they are those of schema, so that a mistake is found before
// anything is sent and reads the same as from the server.
type converter struct {
	field     *Field
	dates     string // as the map says it; "" for the form of the API
	layout    string
	zone      *time.Location
	decimal   string
	thousands string
	currency  string
}

// convert returns an error whose text completes "<field> …".
func (c *converter) convert(text string) (any, error) {
	switch c.field.Type {
	case "integer":
		return c.parse(whole(c.number(text)))
	case "decimal":
		return c.parse(c.number(text))
	case "money":
		return c.money(text)
	case "boolean":
		return yesOrNo(text)
	case "date", "datetime":
		return c.date(text)
	case "enum":
		return c.option(text)
	case "phone":
		_, err := c.parse(text) // the server reads it by the record's country
		return text, err
	}
	return c.parse(text)
}

func (c *converter) parse(text string) (any, error) {
	f, kind := c.field.kind()
	if kind == nil {
		return text, nil
	}
	return kind.Parse(f, text, schema.Scope{})
}

// number brings a number into the form of the API. What is not written as the
// map says stays as it is, for the type to refuse.
func (c *converter) number(text string) string {
	sign := c.decimal
	if sign == "" {
		sign = "."
	}
	before, after, fraction := strings.Cut(text, sign)
	if c.thousands != "" {
		groups := strings.Split(before, c.thousands)
		for i, group := range groups {
			if i > 0 && len(group) != 3 || i == 0 && len(groups) > 1 && len(strings.TrimLeft(group, "+-")) > 3 {
				return text + " (with " + c.thousands + " between thousands)"
			}
		}
		before = strings.Join(groups, "")
	}
	if sign != "." && strings.Contains(before+after, ".") {
		return text + " (with " + sign + " as the decimal sign)"
	}
	if fraction {
		return before + "." + after
	}
	return before
}

// whole leaves out a fraction of zero, as spreadsheets like to write it.
func whole(number string) string {
	before, after, _ := strings.Cut(number, ".")
	if strings.Trim(after, "0") == "" {
		return before
	}
	return number
}

func (c *converter) money(text string) (any, error) {
	amount := &Field{Name: c.field.Name, Type: "decimal"}
	value, err := (&converter{field: amount, decimal: c.decimal, thousands: c.thousands}).convert(text)
	if err != nil {
		return nil, err
	}
	money := map[string]any{"amount": value}
	if c.currency != "" {
		money["currency"] = c.currency
	}
	return money, nil
}

var (
	yes = []string{"true", "yes", "y", "1", "x", "ja", "j", "wahr"}
	no  = []string{"false", "no", "n", "0", "nein", "falsch"}
)

func yesOrNo(text string) (any, error) {
	word := strings.ToLower(text)
	switch {
	case slices.Contains(yes, word):
		return true, nil
	case slices.Contains(no, word):
		return false, nil
	}
	return nil, fmt.Errorf("must be true or false, yes or no, or 1 or 0, not %q; other words are translated by values: in the map", text)
}

func (c *converter) date(text string) (any, error) {
	if c.layout == "" {
		return c.parse(text)
	}
	t, err := time.ParseInLocation(c.layout, text, c.zone)
	if err != nil {
		return nil, fmt.Errorf("must be a date as %s, not %s", c.dates, text)
	}
	if c.field.Type == "date" {
		return t.Format(time.DateOnly), nil
	}
	return schema.Instant(t), nil
}

// dateWords are what a map writes for the parts of a date, and Go's words for
// them, the longer ones first.
var dateWords = []string{
	"YYYY", "2006", "YY", "06", "MM", "01", "M", "1", "DD", "02", "D", "2",
	"hh", "15", "mm", "04", "ss", "05", "SSS", "000",
}

func layoutOf(dates string) (string, error) {
	if dates == "" {
		return "", nil
	}
	for _, part := range []string{"YY", "M", "D"} {
		if !strings.Contains(dates, part) {
			return "", fmt.Errorf("%q is no form of dates such as DD.MM.YYYY hh:mm; it needs YYYY, MM and DD", dates)
		}
	}
	return strings.NewReplacer(dateWords...).Replace(dates), nil
}

// option takes an enum's value, or what people call it, whatever the case.
func (c *converter) option(text string) (any, error) {
	word := schema.Fold(text)
	for _, o := range c.field.Options {
		if schema.Fold(o.Value) == word {
			return o.Value, nil
		}
	}
	for _, o := range c.field.Options {
		if schema.Fold(o.Label) == word || schema.Fold(o.German) == word {
			return o.Value, nil
		}
	}
	return c.parse(text)
}

// checkPart refuses a part that no split text has.
func checkPart(part string) error {
	if part == "" || part == "first" || part == "last" {
		return nil
	}
	if n, err := strconv.Atoi(part); err != nil || n < 1 {
		return fmt.Errorf("part must be first, last or a number from 1, not %q", part)
	}
	return nil
}
