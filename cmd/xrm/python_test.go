package main

import (
	"encoding/hex"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/descriptorpb"
)

const pythonSDK = "../../sdk/python"

// python runs Debian's Python in a folder, with this program as the host of plugins
// under test, and returns what it prints.
func python(t *testing.T, dir string, args ...string) string {
	t.Helper()
	needsPython(t)
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", args...)
	cmd.Dir = dir
	host := programmed(t.Context(), t, nil)
	cmd.Env = append(host.Env, "XRM_BIN="+host.Path, "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("python3 %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestTheTestsOfTheSDKForPython(t *testing.T) {
	t.Parallel()
	out := python(t, filepath.Join(pythonSDK, "tests"), "-m", "unittest", "discover")
	if !strings.HasSuffix(out, "\nOK\n") { // and none is skipped
		t.Errorf("they print\n%s", out)
	}
}

func TestTheTestsOfTheLoyaltyPluginInPython(t *testing.T) {
	t.Parallel()
	out := python(t, "../../examples/loyalty-python", "-m", "unittest", "discover")
	if !strings.HasSuffix(out, "\nOK\n") {
		t.Errorf("they print\n%s", out)
	}
}

func TestTheSDKForPythonHasTheContractAsItIs(t *testing.T) {
	t.Parallel()
	printed := python(t, pythonSDK, "-c", "from xrm._pb import plugin_pb2 as pb; print(pb.DESCRIPTOR.serialized_pb.hex())")
	data, err := hex.DecodeString(strings.TrimSpace(printed))
	if err != nil {
		t.Fatal(err)
	}
	got := &descriptorpb.FileDescriptorProto{}
	if err := proto.Unmarshal(data, got); err != nil {
		t.Fatal(err)
	}
	// Python writes no names of JSON, which follow from the others.
	want := protodesc.ToFileDescriptorProto(pluginpb.File_plugin_proto)
	if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(&descriptorpb.FieldDescriptorProto{}, "json_name")); diff != "" {
		t.Errorf("plugin.proto has changed; run sdk/pluginpb/generate.sh (-proto +python):\n%s", diff)
	}
}

func TestTheFirstPluginInPythonIsMadeAsItsReadmeSays(t *testing.T) {
	t.Parallel()
	needsPython(t)
	text := readme(t, "sdk/python/README.md")
	commands, _, at := block(t, text, "sh")
	mutation, _, length := block(t, text[at:], "python")
	test, _, _ := block(t, text[at+length:], "python")
	dir := t.TempDir()
	lines := strings.Split(strings.TrimSpace(commands), "\n")
	run := func(line string) string {
		line, _, _ = strings.Cut(line, "#")
		args, isOurs := strings.CutPrefix(line, "xrm ")
		if !isOurs {
			t.Fatalf("%s is no command of the program", line)
		}
		cmd := programmed(t.Context(), t, nil, strings.Fields(args)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return string(out)
	}
	run(lines[0])
	for name, more := range map[string]string{"plugin.py": mutation, "test_plugin.py": "\n" + test} {
		file := filepath.Join(dir, "visit", name)
		above, rest, _ := strings.Cut(read(t, file), "\n\nif __name__")
		write(t, file, above+more+"\n\nif __name__"+rest)
	}
	if out := run(lines[1]); !strings.Contains(out, "Ran 3 tests") || !strings.Contains(out, "passed, 0 failed") {
		t.Errorf("%s prints\n%s", lines[1], out)
	}
}

func TestAPluginInPythonLogsAndEndsAsItIsTold(t *testing.T) {
	t.Parallel()
	needsPython(t)
	plugins := t.TempDir()
	shell(t, pythonSDK, "cp -RL tests/visits "+filepath.Join(plugins, "visits"))
	p := spawn(t, t.TempDir(), []string{"XRM_TIMEOUT_PLUGIN=30s"}, "--plugins", plugins).ready()
	first := p.pluginProcess("visits")
	var made struct {
		CreateVisit struct{ Visit struct{ ID string } }
	}
	create := `mutation ($c: ID!) { createVisit(data: {customer: $c, subject: "Hello"}) { visit { id } } }`
	if err := p.ask(create, map[string]any{"c": p.customer("Anna")}, &made); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(first, syscall.SIGINT) // as of Ctrl-C in a terminal, which goes to all
	visit := map[string]any{"id": made.CreateVisit.Visit.ID}
	p.must(`mutation ($id: ID!) { finishVisit(id: $id, report: {text: "Well.", fee: "12.50"}) { rate } }`, visit)
	p.await(p.log, `level=INFO msg="a visit is done" .*visit=`+made.CreateVisit.Visit.ID)
	if now := p.pluginProcess("visits"); now != first {
		t.Errorf("SIGINT has ended it: it was process %d, and is %d", first, now)
	}
	_ = syscall.Kill(first, syscall.SIGTERM)
	p.await(p.log, `(?s)msg="plugin serves" plugin=visits.*msg="plugin serves" plugin=visits`)
	if again := p.pluginProcess("visits"); again == first {
		t.Error("SIGTERM has not ended it")
	}
	p.stop()
}

// checks are what conformance has found of a plugin: what has failed, and how many
// checks have passed or did not apply.
func checks(t *testing.T, dir string) (failed []string, passed, inapplicable int) {
	t.Helper()
	_, out, complaints := command(t, nil, "plugin", "conformance", dir, "--json")
	var r conformanceReport
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s%s", err, out, complaints)
	}
	for _, c := range r.Checks {
		if c.Mark == "failed" {
			failed = append(failed, c.Check+": "+strings.ReplaceAll(c.Seen, dir, "DIR"))
		}
	}
	return failed, r.Passed, r.Inapplicable
}

func TestPluginsInPythonConform(t *testing.T) {
	t.Parallel()
	needsPython(t)
	for dir, all := range map[string]bool{"../../examples/loyalty-python": false, filepath.Join(pythonSDK, "tests/visits"): true} {
		failed, passed, inapplicable := checks(t, dir)
		if len(failed) > 0 || passed < 38 || all && inapplicable > 0 {
			t.Errorf("%s: %d passed, %d did not apply; failed:\n%s", dir, passed, inapplicable, strings.Join(failed, "\n"))
		}
	}
}

func TestWhatIsPlantedWrongInPythonIsFound(t *testing.T) {
	t.Parallel()
	needsPython(t)
	const rule = "def look_at(host: Host, customer: Record) -> None:\n    pass\n"
	tests := map[string]struct {
		plants [][2]string
		want   []string // failures, which may go on
	}{
		"a rule that always raises, a field that forgets a parent, a batch without the key of the call, a job that sleeps through its cancel": {
			[][2]string{
				{rule, strings.Replace(rule, "pass", "raise KeyError('vat')", 1)},
				{"return xrm.group_by(found, \"customer\", customers)", "return xrm.group_by(found, \"customer\", customers)[1:]"},
				{", key=host.idempotency_key)", ")"},
				{"        host.sleep(0.01)\n", "        __import__('time').sleep(5)\n"},
			},
			[]string{
				"rules answer: rule customer: INTERNAL: before_save customer: KeyError: 'vat', at DIR/plugin.py:",
				"fields answer: field customer.openVisits: INTERNAL: resolve customer.openVisits: ValueError: customer.openVisits was resolved to 2 values for 3 parents; return one for each",
				"the batches of a mutation: planVisits makes a batch without a key: when it is called again, it is written again",
				"what lasts: 2s after the end of job tidyUp it still runs",
			},
		},
		"a patch of what is no field, a subscription that does not hear its end": {
			[][2]string{
				{rule, strings.Replace(rule, "pass", "customer['shoeSize'] = 44", 1)},
				{"    for subject in heard:\n", "    __import__('time').sleep(5)\n    for subject in heard:\n"},
			},
			[]string{
				"rules answer: rule customer: a patch of customer with \"shoeSize\", which is no field that it may set",
				"many records in one call: customer: a patch of customer with \"shoeSize\"",
				"what lasts: 2s after the end of subscription followVisits it still runs",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "visits")
			shell(t, pythonSDK, "cp -RL tests/visits "+dir)
			file := filepath.Join(dir, "plugin.py")
			program := read(t, file)
			for _, plant := range tt.plants {
				if n := strings.Count(program, plant[0]); n != 1 {
					t.Fatalf("plugin.py has %q %d times", plant[0], n)
				}
				program = strings.Replace(program, plant[0], plant[1], 1)
			}
			write(t, file, program)
			failed, _, _ := checks(t, dir)
			if len(failed) != len(tt.want) {
				t.Fatalf("failed:\n%s\nwant\n%s", strings.Join(failed, "\n"), strings.Join(tt.want, "\n"))
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(failed[i], want) {
					t.Errorf("failed: %s\nwant %s", failed[i], want)
				}
			}
		})
	}
}
