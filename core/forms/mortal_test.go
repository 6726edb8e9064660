package forms_test

import (
	"context"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// mortal is the store of a process that dies at one of its writes: before it, after
// it, or half-way where it writes several records. After that it does nothing.
type mortal struct {
	store
	at   int // how many such moments it lives through
	dead bool
}

var errDied = &core.Error{Code: core.Unavailable, Message: "The process was killed."}

func (m *mortal) dies() bool {
	if !m.dead && m.at == 0 {
		m.dead = true
	}
	m.at--
	return m.dead
}

func (m *mortal) Commit(ctx context.Context, e *schema.Entity, changes []core.Change) []error {
	half := len(changes) / 2
	if !m.dies() {
		if half > 0 && m.dies() {
			m.store.Commit(ctx, e, changes[:half])
		} else if errs := m.store.Commit(ctx, e, changes); !m.dies() {
			return errs
		}
	}
	errs := make([]error, len(changes))
	for i := range errs {
		errs[i] = errDied
	}
	return errs
}

func (m *mortal) PutState(ctx context.Context, owner, key string, value []byte, ifVersion int64, expires time.Time) (int64, error) {
	if m.dies() {
		return 0, errDied
	}
	version, err := m.store.PutState(ctx, owner, key, value, ifVersion, expires)
	if m.dies() {
		return 0, errDied
	}
	return version, err
}

func (m *mortal) Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	if m.dead {
		return nil, errDied
	}
	return m.store.Find(ctx, e, q)
}

func (m *mortal) State(ctx context.Context, owner, key string) ([]byte, int64, error) {
	if m.dead {
		return nil, 0, errDied
	}
	return m.store.State(ctx, owner, key)
}
