package main

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk/node"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// nodePlugin is a plugin of the repository in Node.js, with what it needs, in a copy of
// its own: tests leave no node_modules behind.
func nodePlugin(t *testing.T, dir string) string {
	t.Helper()
	root := t.TempDir()
	shell(t, "../..", "tar -c --exclude node_modules --exclude package-lock.json sdk/node examples/loyalty-node | tar -x -C "+root)
	installNode(t, filepath.Join(root, dir))
	return filepath.Join(root, dir)
}

func TestTheTestsOfTheSDKForNode(t *testing.T) {
	t.Parallel()
	dir := nodePlugin(t, "sdk/node/tests")
	host := programmed(t.Context(), t, nil)
	for _, args := range [][]string{{"node_modules/.bin/tsc", "-p", "."}, {"npm", "test", "--silent"}} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(host.Env, "XRM_BIN="+host.Path)
		out, err := cmd.CombinedOutput()
		if err != nil || args[0] == "npm" && !strings.Contains(string(out), "skipped 0") {
			t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func TestTheLoyaltyPluginInNodePassesItsTestsAndConforms(t *testing.T) {
	t.Parallel()
	status, out, complaints := command(t, nil, "plugin", "test", nodePlugin(t, "examples/loyalty-node"))
	if status != 0 || !strings.Contains(out, "pass 5\n") || !strings.Contains(out, "loyalty: 42 passed, 0 failed, ") {
		t.Errorf("status %d\n%s%s", status, out, complaints)
	}
}

func TestTheSDKForNodeHasTheContractAsItIs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plugin.proto", "goplugin.proto"} {
		want, err := pluginpb.Proto.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := fs.ReadFile(node.Files, "xrm/proto/"+name); err != nil || string(got) != string(want) {
			t.Errorf("%s has changed; run sdk/pluginpb/generate.sh (%v)", name, err)
		}
	}
}

func TestTheFirstPluginInNodeIsMadeAsItsReadmeSays(t *testing.T) {
	t.Parallel()
	out := madeAsItsReadmeSays(t, "sdk/node", "js", map[string]string{"plugin.js": "\nawait plugin.run", "plugin.test.js": ""})
	if !strings.Contains(out, "pass 3\n") || !strings.Contains(out, "passed, 0 failed") {
		t.Errorf("its tests print\n%s", out)
	}
}

func TestAPluginInNodeLogsAndEndsAsItIsTold(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	shell(t, nodePlugin(t, "sdk/node/tests"), "cp -R . "+filepath.Join(plugins, "visits"))
	logsAndEnds(t, plugins)
}

func TestAPluginInNodeConforms(t *testing.T) {
	t.Parallel()
	failed, passed, inapplicable := checks(t, nodePlugin(t, "sdk/node/tests"))
	if len(failed) > 0 || passed < 38 || inapplicable > 0 {
		t.Errorf("%d passed, %d did not apply; failed:\n%s", passed, inapplicable, strings.Join(failed, "\n"))
	}
}

func TestWhatIsPlantedWrongInNodeIsFound(t *testing.T) {
	t.Parallel()
	const rule = "plugin.beforeSave(\"customer\", (host, customer) => {\n});\n"
	findsWhatIsPlanted(t, nodePlugin(t, "sdk/node/tests"), "plugin.js", map[string]planted{
		"a rule that always throws, a field that forgets a parent, a batch without the key of the call, a job that sleeps through its cancel": {
			[][2]string{
				{rule, "plugin.beforeSave(\"customer\", (host, customer) => {\n  customer.vat.trim();\n});\n"},
				{"return groupBy(found, \"customer\", customers);", "return groupBy(found, \"customer\", customers.slice(1));"},
				{", { key: host.idempotencyKey });", ");"},
				{"await sleep(10, null, { signal: host.signal });", "await sleep(5000);"},
			},
			[]string{
				"rules answer: rule customer: INTERNAL: beforeSave customer: TypeError: Cannot read properties of undefined (reading 'trim'), at DIR/plugin.js:",
				"fields answer: field customer.openVisits: INTERNAL: resolve customer.openVisits: RangeError: customer.openVisits was resolved to 2 values for 3 parents; return one for each",
				"the batches of a mutation: planVisits makes a batch without a key: when it is called again, it is written again",
				"what lasts: 2s after the end of job tidyUp it still runs",
			},
		},
		"a patch of what is no field, a subscription that does not hear its end": {
			[][2]string{
				{rule, "plugin.beforeSave(\"customer\", (host, customer) => {\n  customer.values.shoeSize = 44;\n});\n"},
				{"  yield* heard;\n", "  await sleep(5000);\n  yield* heard;\n"},
			},
			[]string{
				"rules answer: rule customer: a patch of customer with \"shoeSize\", which is no field that it may set",
				"many records in one call: customer: a patch of customer with \"shoeSize\"",
				"what lasts: 2s after the end of subscription followVisits it still runs",
			},
		},
	})
}
