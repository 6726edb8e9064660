package gorecords_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/cmd/xrm/gorecords"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

var update = flag.Bool("update", false, "write the example again instead of comparing it")

func written(t *testing.T, own []schema.Source) string {
	t.Helper()
	m, err := schema.Load(append(entities.Sources(), own...)...)
	if err != nil {
		t.Fatal(err)
	}
	source, err := gorecords.Write(m, "plugin", "example")
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

func sources(t *testing.T) []schema.Source {
	t.Helper()
	return sourcesOf(t, "example")
}

func sourcesOf(t *testing.T, folder string) []schema.Source {
	t.Helper()
	own, err := schema.ReadSources("plugin", "", os.DirFS(folder+"/entities"))
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// The examples are compiled with the tests of their packages, which go round with them.
func TestTheExamplesAreWhatIsWritten(t *testing.T) {
	for _, folder := range []string{"example", "clashes"} {
		t.Run(folder, func(t *testing.T) { compare(t, folder) })
	}
}

func compare(t *testing.T, folder string) {
	file := folder + "/records_gen.go"
	got := written(t, sourcesOf(t, folder))
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("run go test ./cmd/xrm/gorecords -update (-file +written):\n%s", diff)
	}
	if again := written(t, sourcesOf(t, folder)); again != got {
		t.Error("it is written otherwise the second time")
	}
}

func TestAFieldThatIsGoneHasNoMethods(t *testing.T) {
	own := sources(t)
	for i := range own {
		own[i].Data = []byte(strings.Replace(string(own[i].Data), "  hours: {type: decimal}\n", "", 1))
	}
	before, after := written(t, sources(t)), written(t, own)
	for _, method := range []string{") Hours() sdk.Decimal", ") SetHours(value sdk.Decimal)", ") HasHours() bool", ") ClearHours()"} {
		if !strings.Contains(before, method) || strings.Contains(after, method) {
			t.Errorf("the method %s is there before: %v, and after: %v", method, strings.Contains(before, method), strings.Contains(after, method))
		}
	}
}

func TestNothingIsWrittenForNothing(t *testing.T) {
	m, err := schema.Load(entities.Sources()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gorecords.Write(m, "plugin", "example"); err == nil || err.Error() != "there is no entity to write types for" {
		t.Errorf("%v", err)
	}
}
