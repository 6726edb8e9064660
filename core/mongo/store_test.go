package mongo

import (
	"fmt"
	"testing"
	"time"

	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/storetest"
)

// patient is how long a store looks for a server that is known to be there.
const patient = 5 * time.Second

// open returns a store in a database of its own, which is dropped at the end.
func open(t testing.TB, uri string, search time.Duration) *Store {
	t.Helper()
	_, db := mongotest.Database(t)
	s, err := New(Config{URI: uri + "/" + db.Name(), Search: search, Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	uri := mongotest.Server(t)
	storetest.Run(t, func(t *testing.T) storetest.Store {
		s := open(t, uri, patient)
		t.Cleanup(func() { claimsHoldAfter(t, s) })
		return s
	},
		func(t *testing.T, s storetest.Store) storetest.Store { return beside(t, s.(*Store)) })
}

// claimsHoldAfter is claimsHold once a test is over, which may have closed its store.
func claimsHoldAfter(t *testing.T, s *Store) {
	again := beside(t, s)
	defer again.Close()
	s.declared.Range(func(name, known any) bool {
		again.declared.Store(name, known)
		return true
	})
	claimsHold(t, again, "after the test")
}

// beside opens the database of a store once more.
func beside(t testing.TB, s *Store) *Store {
	t.Helper()
	other, err := New(Config{URI: mongotest.Server(t) + "/" + s.db.Name(), Search: patient, Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return other
}

func TestAnAddressThatMakesNoSenseIsRefusedWithoutItsPassword(t *testing.T) {
	tests := map[string]string{
		"another scheme":             "http://root:secret@localhost/",
		"no host":                    "mongodb://root:secret@/xrm",
		"an at sign in the password": "mongodb://root:sec@ret@localhost/xrm",
	}
	for name, uri := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(Config{URI: uri})
			want := "the address of the MongoDB makes no sense: write it as mongodb://host:27017/database, with special characters in the password percent-encoded"
			if got := fmt.Sprint(err); got != want {
				t.Errorf("New(%q) says %q; want %q", uri, got, want)
			}
		})
	}
}

func TestTheAddressNamesTheDatabase(t *testing.T) {
	tests := map[string]struct{ uri, want string }{
		"a name":               {"mongodb://localhost:1/sales", "sales"},
		"no name":              {"mongodb://localhost:1/", "xrm"},
		"no path":              {"mongodb://localhost:1", "xrm"},
		"options":              {"mongodb://localhost:1/sales?tls=true", "sales"},
		"options but no name":  {"mongodb://localhost:1/?tls=true", "xrm"},
		"several hosts":        {"mongodb://a:1,b:2,c:3/sales?replicaSet=rs", "sales"},
		"a percent-encoded":    {"mongodb://u:p%2Fw@localhost:1/sales%2D1", "sales-1"},
		"a password with path": {"mongodb://u:p%2Fother@localhost:1/", "xrm"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := New(Config{URI: tt.uri})
			if err != nil {
				t.Fatal(err)
			}
			if got := s.db.Name(); got != tt.want {
				t.Errorf("the database of %s is %q; want %q", tt.uri, got, tt.want)
			}
		})
	}
}
