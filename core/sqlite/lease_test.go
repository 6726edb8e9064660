package sqlite

import (
	"database/sql"
	"testing"
	"time"
)

// What a killed process leaves of a request with a key has a name that nobody asks for
// again.
func TestLeasesThatEndedGoWithTheNextOne(t *testing.T) {
	s := memory(t, load(t, planned))
	for _, one := range []struct {
		name string
		ttl  time.Duration
	}{{"left", -time.Minute}, {"held", time.Hour}, {"new", time.Hour}} {
		if held, err := s.Acquire(t.Context(), one.name, "me", one.ttl); !held || err != nil {
			t.Fatalf("Acquire(%s) = %v, %v", one.name, held, err)
		}
	}
	var names []string
	err := s.reading(t.Context(), "list the leases", func(c *conn) error {
		return c.query(t.Context(), "SELECT name FROM leases ORDER BY name", nil, func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			names = append(names, name)
			return err
		})
	})
	if err != nil || len(names) != 2 || names[0] != "held" || names[1] != "new" {
		t.Errorf("there are the leases %q, %v; want held and new", names, err)
	}
}
