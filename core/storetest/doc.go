// Package storetest is the contract that every store keeps: record.Store and
// what the journal, the keys, the schedule and the plugins need besides. Each sentence of the port's
// comments has a test here, and core/sqlite and core/mongo run all of them.
//
// A store joins in a few lines:
//
//	func TestContract(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Store { return openEmpty(t) }, nil)
//	}
//
// It does not test what only one store has, such as a file that is full or a
// server that is gone.
package storetest
