package importer

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// folder lists what lies in the folder of an import.
func (i *importing) folder(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(i.dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// put writes a file into the folder of an import.
func (i *importing) put(t *testing.T, name, text string) {
	t.Helper()
	if i.dir == "" {
		i.dir = t.TempDir()
	}
	if err := os.WriteFile(filepath.Join(i.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAFileOfRejectedRowsThatIsThereIsLeftAlone(t *testing.T) {
	const rows = "sku,name\n1,\n2,Chang\n"
	const rejected = "rejected line,rejected because,sku,name\n2,name is required,1,\n"
	const corrected = "rejected line,rejected because,sku,name\n2,name is required,1,Chai\n"
	tests := map[string]struct {
		there map[string]string
		rows  string
		named string // by the summary
		want  []string
	}{
		"none yet": {
			rows: rows, named: "rows.rejected.csv", want: []string{"rows.csv", "rows.rejected.csv"},
		},
		"the same": {
			there: map[string]string{"rows.rejected.csv": rejected},
			rows:  rows, named: "rows.rejected.csv", want: []string{"rows.csv", "rows.rejected.csv"},
		},
		"one that was corrected": {
			there: map[string]string{"rows.rejected.csv": corrected},
			rows:  rows, named: "rows.rejected-2.csv", want: []string{"rows.csv", "rows.rejected-2.csv", "rows.rejected.csv"},
		},
		"several": {
			there: map[string]string{"rows.rejected.csv": corrected, "rows.rejected-2.csv": "mine"},
			rows:  rows, named: "rows.rejected-3.csv",
			want: []string{"rows.csv", "rows.rejected-2.csv", "rows.rejected-3.csv", "rows.rejected.csv"},
		},
		"several, of which one is the same": {
			there: map[string]string{"rows.rejected.csv": corrected, "rows.rejected-2.csv": rejected},
			rows:  rows, named: "rows.rejected-2.csv", want: []string{"rows.csv", "rows.rejected-2.csv", "rows.rejected.csv"},
		},
		"one, and nothing is rejected": {
			there: map[string]string{"rows.rejected.csv": corrected},
			rows:  "sku,name\n2,Chang\n", want: []string{"rows.csv", "rows.rejected.csv"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			i := &importing{entity: "product", key: "sku", file: tt.rows}
			for name, text := range tt.there {
				i.put(t, name, text)
			}
			summary := i.mustRun(t, newFakeServer(t))
			named := ""
			if summary.RejectedFile != "" {
				named = filepath.Base(summary.RejectedFile)
			}
			if named != tt.named {
				t.Errorf("the summary names %q, want %q", named, tt.named)
			}
			if diff := cmp.Diff(tt.want, i.folder(t)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			for name, text := range tt.there {
				if got, err := os.ReadFile(filepath.Join(i.dir, name)); err != nil || string(got) != text {
					t.Errorf("%s is now %q, %v; want %q", name, got, err, text)
				}
			}
			if named == "" {
				return
			}
			if got, err := os.ReadFile(summary.RejectedFile); err != nil || string(got) != rejected {
				t.Errorf("%s has %q, %v; want %q", named, got, err, rejected)
			}
		})
	}
}

func TestRejectedRowsCanGoToADevice(t *testing.T) {
	if !isDevice(os.DevNull) {
		t.Skip(os.DevNull + " is no device here")
	}
	i := &importing{entity: "product", key: "sku", file: "sku,name\n1,\n", rejectedFile: os.DevNull}
	if summary := i.mustRun(t, newFakeServer(t)); summary.Rejected != 1 || summary.RejectedFile != os.DevNull {
		t.Errorf("%+v", summary)
	}
	if diff := cmp.Diff([]string{"rows.csv"}, i.folder(t)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
