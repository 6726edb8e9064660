package sqlite

import (
	"database/sql/driver"
	"errors"

	"github.com/shopspring/decimal"
	"modernc.org/sqlite"
)

// sumFunction is the SQL function that adds up integers and decimals without
// losing a digit, where SQLite's own would make floats of them.
const sumFunction = "xrm_sum"

// sum is one call of the function, for one group.
type sum struct {
	total decimal.Decimal
	found bool // a value that is not missing
}

// Step adds a value; a missing one adds nothing.
func (s *sum) Step(_ *sqlite.FunctionContext, args []driver.Value) error {
	s.found = s.found || args[0] != nil
	switch v := args[0].(type) {
	case int64:
		s.total = s.total.Add(decimal.NewFromInt(v))
	case string:
		d, err := decimal.NewFromString(v)
		if err != nil {
			return errors.New("a value that is no number cannot be added up")
		}
		s.total = s.total.Add(d)
	}
	return nil
}

// WindowInverse takes a value away again. No statement of ours has a window.
func (s *sum) WindowInverse(*sqlite.FunctionContext, []driver.Value) error {
	return errors.New(sumFunction + " is not for windows")
}

// WindowValue is the sum as a canonical decimal, or NULL for that of nothing.
func (s *sum) WindowValue(*sqlite.FunctionContext) (driver.Value, error) {
	if !s.found {
		return nil, nil
	}
	return s.total.String(), nil
}

// Final ends the call.
func (s *sum) Final(*sqlite.FunctionContext) {}
