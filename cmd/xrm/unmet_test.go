package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRecordsOfAnEntityThatIsNotThereAreToldOnceAndComeWithTheEntity(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "intruder", `needs:
  records:
    "*": {read: true}
    custmer: {read: true}
    customer: {read: true}
    visit: {read: true}`)
	succeeds(t, []string{"XRM_PLUGINS=" + plugins}, "plugin", "approve", "intruder", "--yes")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins, "--trust", "approved").ready()
	p.pluginProcess("intruder")
	manifest := filepath.Join(plugins, "intruder", "plugin.yaml")
	lines := []string{
		`level=WARN msg="a plugin asks for what is not there; it gets nothing of that until it is" plugin=intruder what="` + manifest + `:8: needs.records: there is no entity or role \"custmer\"; did you mean \"customer\"?"` + "\n",
		`level=WARN msg="a plugin asks for what is not there; it gets nothing of that until it is" plugin=intruder what="` + manifest + `:10: needs.records: there is no entity or role \"visit\""` + "\n",
	}
	p.await(p.log, `:10: needs\.records`)

	cast(t, plugins, "visits", "")
	succeeds(t, []string{"XRM_PLUGINS=" + plugins}, "plugin", "approve", "visits", "--yes")
	p.pluginProcess("visits")
	p.subscribed("visits")
	p.stop()
	for _, line := range lines {
		if n := strings.Count(p.log.String(), line); n != 1 {
			t.Errorf("the log has %d times\n%s", n, line)
		}
	}
	if n := strings.Count(p.log.String(), "what is not there"); n != len(lines) {
		t.Errorf("%d lines about what is not there, want %d", n, len(lines))
	}
}
