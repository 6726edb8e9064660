package pluginhost

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOfWhatHasChangedMeanwhileNoCopyIsMade(t *testing.T) {
	t.Parallel()
	from, copies := t.TempDir(), installed(t.TempDir())
	if err := os.WriteFile(filepath.Join(from, "run"), []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	const approved = "h1:old"
	err := copies.add("p", approved, from)
	if want := "copy " + from + ": it changes while it is read"; err == nil || err.Error() != want {
		t.Errorf("add = %v, want %s", err, want)
	}
	if left, _ := os.ReadDir(filepath.Join(string(copies), "p")); len(left) != 0 {
		t.Errorf("left: %v, want nothing", left)
	}
}
