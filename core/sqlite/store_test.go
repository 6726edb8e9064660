package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/openxrm/xrm/core/storetest"
)

func TestContract(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (*Store, error){
		"in a file": func(t *testing.T) (*Store, error) { return Open(filepath.Join(t.TempDir(), "xrm.db")) },
		"in memory": func(*testing.T) (*Store, error) { return OpenMemory() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) storetest.Store {
				s, err := open(t)
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}
