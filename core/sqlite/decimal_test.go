package sqlite

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/openxrm/xrm/schema"
)

func TestDecimalKeysSortAsNumbers(t *testing.T) {
	ascending := []string{
		"-9999999999999999999999999999999999", "-1234567890123456789012345678901234", "-1234567890123456789012345678901233", "-100", "-99.99", "-10.5", "-10", "-9", "-1.25", "-1.2", "-1",
		"-0.11", "-0.1", "-0.011", "-0.01", "-0.0000000000000000000000000000000001", "0",
		"0.0000000000000000000000000000000001", "0.0000000000000000000000000000000002", "0.01", "0.011", "0.1", "0.11", "1", "1.2", "1.25", "9", "10", "10.5", "99.99", "100",
		"1234567890123456789012345678901233", "1234567890123456789012345678901234", "9999999999999999999999999999999999",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := strings.Compare(decimalKey(a), decimalKey(b)), cmp.Compare(i, j); got != want {
				t.Errorf("keys of %s and %s compare as %d; want %d (%s, %s)", a, b, got, want, decimalKey(a), decimalKey(b))
			}
		}
	}
}

func TestEqualDecimalsHaveOneKey(t *testing.T) {
	for _, same := range [][]string{{"0", "-0", "0.00", "00", ""}, {"1", "+1", "1.0", "01", "1.", "001.000"}, {".5", "0.5", "0.50"}, {"-10", "-10.0", "-010"}, {"100", "100.00"}} {
		for _, s := range same {
			if decimalKey(s) != decimalKey(same[0]) {
				t.Errorf("keys of %q and %q are %q and %q; want one", s, same[0], decimalKey(s), decimalKey(same[0]))
			}
		}
	}
}

func TestRandomDecimalKeysSortAsNumbersAndAreReadAgain(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	draw := func() string {
		digits := make([]byte, 1+r.IntN(34))
		for i := range digits {
			digits[i] = byte('0' + r.IntN(3)*4) // few digits, so that beginnings are shared
		}
		s := string(digits)
		if at := r.IntN(len(s) + 1); at > 0 && at < len(s) {
			s = s[:at] + "." + s[at:]
		}
		if r.IntN(2) == 0 {
			s = "-" + s
		}
		return s
	}
	for range 20_000 {
		a, b := draw(), draw()
		if got, want := strings.Compare(decimalKey(a), decimalKey(b)), schema.Decimal(a).Cmp(schema.Decimal(b)); got != want {
			t.Fatalf("seed %d: keys of %s and %s compare as %d; want %d", seed, a, b, got, want)
		}
		if got, want := decimalOf(decimalKey(a)), schema.Decimal(a).String(); got != want {
			t.Fatalf("seed %d: the key of %s is read as %s; want %s", seed, a, got, want)
		}
	}
}

func TestPlainSQLMakesTheSameKeys(t *testing.T) {
	s := memory(t, load(t, planned))
	r := rand.New(rand.NewPCG(7, 0))
	decimals := []string{"0", "5", "-5", "0.05", "-0.05", "100", "-100", "10.5", "-10.5", "1234567890", "-9876543210.0123456789", "0.0000000000000000000000000000000001"}
	for range 2000 {
		n := schema.Decimal(fmt.Sprint(r.Int64N(1_000_000) - 500_000))
		decimals = append(decimals, n.Shift(int32(r.IntN(40)-30)).String())
	}
	for _, decimal := range decimals {
		var key string
		err := s.reading(t.Context(), "make a key", func(c *conn) error {
			_, err := c.row(t.Context(), "SELECT "+decimalExpression("?1"), []any{decimal}, &key)
			return err
		})
		if want := decimalKey(decimal); err != nil || key != want {
			t.Errorf("the key of %s is %s in SQL, %v; want %s", decimal, key, err, want)
		}
	}
}
