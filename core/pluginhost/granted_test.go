package pluginhost_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
)

func TestWhatAPluginDoesToOthersMustBeGranted(t *testing.T) {
	t.Parallel()
	c := snapshot.Contribution{
		Plugin:     "p",
		Entities:   []schema.Source{{Layer: "plugin p", File: "party.yaml", Data: []byte("extend: party\nfields: {vat: {type: text, required: true}}\n")}},
		BeforeSave: []string{"ticket"},
		Topics:     []string{"ticket.created", "p.sent"},
	}
	const want = `p/plugin.yaml: extend party: party is not the plugin's own; needs has to have fields: [party]; then approve it: xrm plugin approve p
p/plugin.yaml: BeforeSave: ticket is not the plugin's own; needs has to have rules: [ticket]; then approve it: xrm plugin approve p
p/plugin.yaml: topic ticket.created: these events are not the plugin's own; needs has to have events: [ticket.created]; then approve it: xrm plugin approve p
party.yaml:2: field "vat" is required, which binds all who save records of party, and party is not the plugin's own; needs in p/plugin.yaml has to have constrains: [party]; then approve it: xrm plugin approve p`
	m := model(t, c.Entities...)
	err := pluginhost.Needs{}.Check(c, m)
	if err == nil {
		t.Fatal("nothing is missing")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("what is missing (-want +got):\n%s", diff)
	}
	all := pluginhost.Needs{Fields: []string{"party"}, Constrains: []string{"party"}, Rules: []string{"ticket"}, Events: []string{"ticket.*"}}
	if err := all.Check(c, m); err != nil {
		t.Errorf("with all that it needs: %v", err)
	}
}

func TestAPluginHasANameThatIsTakenForNothingElse(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"*", "fax\nadmin", "order.created", "approved"} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name, "plugin.yaml"), fmt.Sprintf("name: %q\nversion: 1.0.0\nprotocol: 1\nexecutable: run\n", name))
		h := start(t, pluginhost.Config{Dir: dir})
		got := await(t, h, name, in(pluginhost.Invalid))
		if want := fmt.Sprintf("name is %q; use another of lower-case letters, digits and dashes, such as fax-server", name); !strings.Contains(got.LastError, want) {
			t.Errorf("LastError = %q, want it to say %s", got.LastError, want)
		}
	}
}
