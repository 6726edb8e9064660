package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

func TestTheNoticeIsThatOfWhatIsLinked(t *testing.T) {
	modules, err := list(t.Context(), root, linked)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(root, "NOTICE"))
	if err != nil {
		t.Fatal(err)
	}
	has := strings.Split(string(kept), "\n")
	for _, line := range strings.Split(notice(modules), "\n") {
		if !slices.Contains(has, line) {
			t.Errorf("NOTICE lacks the line %q; run: make notice", line)
		}
	}
}

// free are the licenses of what may be linked with a program under the Apache
// License and given away with it.
var free = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "GooglePatentsFile", "ISC", "MIT", "MPL-2.0"}

func TestNothingIsLinkedThatMayNotBeGivenAway(t *testing.T) {
	modules, err := list(t.Context(), root, linked)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		for _, license := range m.licenses {
			if !slices.Contains(free, license) {
				t.Errorf("%s %s is under %s: see whether it may be linked, and add that to the list here, or do without it", m.Path, m.Version, license)
			}
		}
	}
}

func TestAModuleWithoutALicenceIsRefused(t *testing.T) {
	m := module{Path: "example.org/m", Version: "v1.0.0"}
	err := m.read(t.TempDir())
	if want := "example.org/m v1.0.0 has no license that is known: look at it, and do without it if it may not be given away"; err == nil || err.Error() != want {
		t.Errorf("error is %v; want %s", err, want)
	}
}

func TestATextThatSeveralModulesHaveStandsThereOnce(t *testing.T) {
	got := notice([]module{
		{Path: "a", Version: "v1", licenses: []string{"MIT"}, papers: []paper{{"LICENSE", "Free."}}},
		{Path: "b", Version: "v2", licenses: []string{"MIT"}, papers: []paper{{"COPYING", "Free."}}},
	})
	want := "  a v1: MIT\n  b v2: MIT\n\n" + strings.Repeat("-", 80) + "\na v1 (LICENSE)\nb v2 (COPYING)\n\nFree.\n"
	if !strings.HasSuffix(got, want) {
		t.Errorf("notice is\n%s\nwant it to end with\n%s", got, want)
	}
}
