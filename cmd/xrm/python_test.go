package main

import (
	"encoding/hex"
	"os/exec"
	"path/filepath"
	"strings"
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
	out := madeAsItsReadmeSays(t, "sdk/python", "python", map[string]string{"plugin.py": "\n\nif __name__", "test_plugin.py": "\n\nif __name__"})
	if !strings.Contains(out, "Ran 3 tests") || !strings.Contains(out, "passed, 0 failed") {
		t.Errorf("its tests print\n%s", out)
	}
}

func TestAPluginInPythonLogsAndEndsAsItIsTold(t *testing.T) {
	t.Parallel()
	needsPython(t)
	plugins := t.TempDir()
	shell(t, pythonSDK, "cp -RL tests/visits "+filepath.Join(plugins, "visits"))
	logsAndEnds(t, plugins)
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
	tests := map[string]planted{
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
	dir := filepath.Join(t.TempDir(), "visits")
	shell(t, pythonSDK, "cp -RL tests/visits "+dir)
	findsWhatIsPlanted(t, dir, "plugin.py", tests)
}
