package schema

import (
	"strings"
	"unicode/utf8"
)

type textType struct{ plain }

func (textType) Name() string { return "text" }
func (textType) Doc() string {
	return "Any text, in NFC and without invisible characters. White space around it is removed; an empty text is no value."
}
func (textType) Options() []string { return []string{"max"} }

func (textType) Parse(f *Field, raw any, scope Scope) (any, error) {
	s, ok := raw.(string)
	if !ok {
		return nil, mustBe("a text", raw)
	}
	form := normal
	if scope.Compared {
		form = compared
	}
	s, err := form(s)
	if err != nil {
		return nil, err
	}
	if f.Max != nil && int64(utf8.RuneCountInString(s)) > *f.Max {
		return nil, unfit(utf8.RuneCountInString(s), "must have at most %d characters", *f.Max)
	}
	return s, nil
}

// IsText says whether every store can keep a string as it is: valid UTF-8 without
// null characters.
func IsText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }
