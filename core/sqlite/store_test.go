package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/openxrm/xrm/core/storetest"
)

func TestContract(t *testing.T) {
	beside := func(t *testing.T, s storetest.Store) storetest.Store {
		other, err := Open(s.(*Store).name)
		if err != nil {
			t.Fatal(err)
		}
		return other
	}
	for name, tt := range map[string]struct {
		open   func(t *testing.T) (*Store, error)
		beside func(*testing.T, storetest.Store) storetest.Store
	}{
		"in a file": {func(t *testing.T) (*Store, error) { return Open(filepath.Join(t.TempDir(), "xrm.db")) }, beside},
		"in memory": {func(*testing.T) (*Store, error) { return OpenMemory() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) storetest.Store {
				s, err := tt.open(t)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}, tt.beside)
		})
	}
}
