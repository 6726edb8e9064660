package sqlite

import (
	"database/sql/driver"

	"modernc.org/sqlite"
)

// newDriver returns a driver whose connections know our functions. It is ours
// alone: nothing is registered for the rest of the process. No index may depend
// on one of them, since other programs open the file too.
func (s *Store) newDriver() (driver.Driver, error) {
	d := &sqlite.Driver{}
	if err := d.RegisterDeterministicScalarFunction(wordsFunction, 3, s.hasWord); err != nil {
		return nil, err
	}
	if err := d.RegisterDeterministicScalarFunction(anyCaseFunction, 1, anyCase); err != nil {
		return nil, err
	}
	err := d.RegisterFunction(sumFunction, &sqlite.FunctionImpl{
		NArgs: 1, Deterministic: true, VolatileArgs: true, // a step keeps the number, not the text
		MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return &sum{}, nil },
	})
	return d, err
}
