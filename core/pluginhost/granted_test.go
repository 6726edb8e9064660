package pluginhost_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mention"
)

func TestWhatAPluginDoesToOthersMustBeGranted(t *testing.T) {
	t.Parallel()
	c := pluginhost.Contribution{
		Plugin:     "p",
		Entities:   []schema.Source{{Layer: "plugin p", File: "party.yaml", Data: []byte("extend: party\nfields: {vat: {type: text, required: true}}\n")}},
		BeforeSave: []string{"ticket"},
		Topics:     []string{"ticket.created", "p.sent"},
		Needs:      &pluginhost.Needs{},
	}
	const want = `p/plugin.yaml: extend party: party is not the plugin's own; needs has to have fields: [party]; then approve it: xrm plugin approve p
p/plugin.yaml: BeforeSave: ticket is not the plugin's own; needs has to have rules: [ticket]; then approve it: xrm plugin approve p
p/plugin.yaml: topic ticket.created: these events are not the plugin's own; needs has to have events: [ticket.created]; then approve it: xrm plugin approve p`
	err := c.CheckNeeds(model(t))
	if err == nil {
		t.Fatal("nothing is missing")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("what is missing (-want +got):\n%s", diff)
	}
	c.Needs = &pluginhost.Needs{Fields: []string{"party"}, Rules: []string{"ticket"}, Events: []string{"ticket.*"}}
	if err := c.CheckNeeds(model(t)); err != nil {
		t.Errorf("with all that it needs: %v", err)
	}
}

func TestWhatAPluginAsksForAndTheModelDoesNotHaveIsUnmet(t *testing.T) {
	t.Parallel()
	c := pluginhost.Contribution{
		Plugin: "p", Topics: []string{"ticket.created", "tickt.created", "erp.synced"}, Needs: &pluginhost.Needs{},
		Asked: []mention.Mention{{Where: "p/plugin.yaml:7: needs.records", Entity: "tickets"}, {Where: "p/plugin.yaml:8: needs.records", Entity: "customer"}},
	}
	want := []string{
		`p/plugin.yaml:7: needs.records: there is no entity or role "tickets"; did you mean "ticket"?`,
		`topic "tickt.created": there is no entity or role "tickt"; did you mean "ticket"?`,
	}
	if diff := cmp.Diff(want, c.Unmet(model(t))); diff != "" {
		t.Errorf("what is unmet (-want +got):\n%s", diff)
	}
	c.Topics, c.Asked = c.Topics[:1], c.Asked[1:]
	if got := c.Unmet(model(t)); got != nil {
		t.Errorf("with all that it asks for, unmet is %q", got)
	}
}

func TestAPluginCannotBeCalledLikeAnEntityOfOthers(t *testing.T) {
	t.Parallel()
	err := pluginhost.Contribution{Plugin: "ticket", Topics: []string{"ticket.created"}}.CheckName(model(t))
	const want = "the plugin ticket is called like the entity ticket of test, so their events would be taken for each other's; rename one"
	if err == nil || err.Error() != want {
		t.Errorf("CheckName = %v, want %s", err, want)
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
