package sqlite

import (
	"strings"
	"testing"
)

// longKey is the key of a decimal as the layout 6 had it.
func longKey(x string) string {
	rest := "ltrim(" + x + ", '-0.')"
	digits := "rtrim(replace(" + rest + ", '.', ''), '0')"
	exponent := "(instr(" + x + " || '.', '.') - 1 - length(" + x + ") + length(" + rest + ") + (instr(" + x + ", '.') > 0) - (instr(" + rest + ", '.') > 0))"
	return "(CASE WHEN " + rest + " = '' THEN 'b' WHEN substr(" + x + ", 1, 1) = '-' THEN 'a' || printf('%04d', 5000 - " + exponent + ") || " + turnedExpression(digits) +
		" || '~' ELSE 'c' || printf('%04d', 5000 + " + exponent + ") || " + digits + " END)"
}

func TestIndexesOverLongKeysOfDecimalsAreMadeAnew(t *testing.T) {
	path, indexes, _ := beforeToday(t, 40, longKey)
	if err := run(path, strings.Join(append(indexes, "PRAGMA user_version = 6"), ";")); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, made := range statements(t, s) {
		if strings.Contains(made, "ltrim(") {
			t.Errorf("an index has the long key: %s", made)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkPlain(t, path)
}
