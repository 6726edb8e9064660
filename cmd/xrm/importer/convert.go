package importer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema"
)

// converter turns a text into a value of a field's type. Where the type's own
// rules do, they are those of schema, so that a mistake is found before
// anything is sent and reads the same as from the server.
type converter struct {
	field    *Field
	numbers  numbers
	dates    dates
	currency string
}

// convert returns an error whose text completes "<field> …".
func (c *converter) convert(text string) (any, error) {
	switch c.field.Type {
	case "integer", "decimal":
		return c.number(text)
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

// number makes the plain form of a number and has the type's own rules judge
// it. A mistake shows the text of the file.
func (c *converter) number(text string) (any, error) {
	plain, what := c.numbers.plain(text), "a decimal number such as "+c.numbers.sample()
	if c.field.Type == "integer" {
		if plain, what = whole(plain), "a whole number"; strings.Contains(plain, ".") {
			plain = ""
		}
	}
	if plain == "" {
		return nil, c.numbers.unfit(what, text, text)
	}
	return c.parse(plain)
}

// whole leaves out a fraction of zero, as spreadsheets like to write it.
func whole(number string) string {
	before, after, _ := strings.Cut(number, ".")
	if strings.Trim(after, "0") == "" {
		return before
	}
	return number
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

// date reads the form of the API where the map says none.
func (c *converter) date(text string) (any, error) {
	if len(c.dates.forms) > 0 {
		return c.dates.value(c.field.Type, text)
	}
	value, err := c.parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w; how dates are written is said by dates: in the map, for example DD.MM.YYYY", err)
	}
	if err := c.dates.notAhead(fmt.Sprint(value)); err != nil {
		return nil, fmt.Errorf("is %s: %w", text, err)
	}
	return value, nil
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
