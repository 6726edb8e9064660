package conformance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/cmd/xrm/conformance"
)

func TestAPluginThatCannotBeStartedSaysWhy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ manifest, want string }{
		"no executable":         {"name: visits\n", "DIR/plugin.yaml: executable is missing; name the program within the folder"},
		"one outside":           {"executable: ../visits\n", `DIR/plugin.yaml: executable is "../visits"; it must lie within the folder`},
		"none for this machine": {"executables: {plan9/mips: visits}\n", "DIR/plugin.yaml: executables has none for "},
		"no interpreter":        {"executable: visits.ts\ninterpreter: no-such-program\n", `DIR/plugin.yaml: it is run by no-such-program: exec: "no-such-program": executable file not found in $PATH; install it`},
		"no YAML":               {"name: [\n", "DIR/plugin.yaml: yaml: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(tt.manifest), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := conformance.ReadProgram(dir)
			if want := strings.ReplaceAll(tt.want, "DIR", dir); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("ReadProgram = %v\nwant %s", err, want)
			}
		})
	}
}

func TestAProgramWithoutAManifestIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "visits")
	if err := os.WriteFile(program, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := conformance.ReadProgram(program)
	if err != nil || p.File != "visits" || p.Dir != filepath.Dir(program) || p.Name != "" {
		t.Errorf("ReadProgram = %+v, %v", p, err)
	}
}

func TestAConfigurationThatIsGivenIsTheOneThatMustBeTaken(t *testing.T) {
	t.Parallel()
	var seen []string
	settings := conformance.Settings{Config: []byte(`{"sla":"soon"}`)}
	err := conformance.Run(t.Context(), staged(t, "well"), settings, func(r conformance.Result) {
		if r.Mark == conformance.Failed {
			seen = append(seen, r.Check+": "+r.Seen)
		}
	})
	const want = "takes a configuration: it refused the configuration that was given: INTERNAL Configure: read the configuration: "
	if err != nil || len(seen) != 1 || !strings.HasPrefix(seen[0], want) {
		t.Errorf("%v, failed: %q\nwant %s", err, seen, want)
	}
}
