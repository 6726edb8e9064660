package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/schema"
)

func source(file, text string) []schema.Source {
	return []schema.Source{{Layer: "test", File: file, Data: []byte(text)}}
}

var (
	shipped = source("party.yaml", "entity: party\nplural: parties\nfields:\n  name: {type: text}\n")
	site    = source("contract.yaml", "entity: contract\nfields:\n  party: {type: reference, to: party}\n")
	pets    = source("pet.yaml", "entity: pet\nfields:\n  owner: {type: reference, to: party}\n")
)

func names(m *schema.Model) []string {
	var names []string
	for _, e := range m.Entities() {
		names = append(names, e.Name)
	}
	return names
}

func want(t *testing.T, c *catalog.Catalog, entities ...string) {
	t.Helper()
	if diff := cmp.Diff(entities, names(c.Model())); diff != "" {
		t.Errorf("entities (-want +got):\n%s", diff)
	}
}

func open(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.New(shipped, site)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func with(t *testing.T, c *catalog.Catalog, definitions []schema.Source) *catalog.Catalog {
	t.Helper()
	c, err := c.With(map[string][]schema.Source{"pets": definitions})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAPluginsEntitiesComeAndGo(t *testing.T) {
	c := open(t)
	want(t, c, "party", "contract")
	owned := with(t, c, pets)
	want(t, owned, "party", "pet", "contract")
	if diff := cmp.Diff([]string{"party", "contract"}, names(c.Model())); diff != "" {
		t.Errorf("the model that a request keeps has changed (-want +got):\n%s", diff)
	}
	want(t, with(t, owned, nil), "party", "contract")
}

func TestWhatAPluginBringsAgainMakesNoOtherModel(t *testing.T) {
	c := with(t, open(t), pets)
	if with(t, c, pets).Model() != c.Model() {
		t.Error("the same definitions make another model, which would have to be prepared")
	}
}

func TestDefinitionsThatDoNotFitAreRefusedAndTheModelStays(t *testing.T) {
	c := with(t, open(t), pets)
	model := c.Model()
	tests := map[string]struct {
		plugin, text, want string
	}{
		"a name that is taken": {
			"zoo", "entity: pet\nfields:\n  name: {type: text}\n",
			"the definitions of the plugin zoo do not fit: zoo.yaml:1: \"pet\" is already defined in pet.yaml:1; to add fields to it write extend: pet",
		},
		"a reference that leads nowhere": {
			"zoo", "entity: cage\nfields:\n  holds: {type: reference, to: pat}\n",
			"the definitions of the plugin zoo do not fit: zoo.yaml:3: field \"holds\": to: there is no entity or role \"pat\"; did you mean \"pet\"?",
		},
		"a worse version of its own": {
			"pets", "entity: pet\nfields:\n  owner: {type: txt}\n",
			"the definitions of the plugin pets do not fit: zoo.yaml:3: field \"owner\": unknown type \"txt\"; did you mean \"text\"?",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := c.With(map[string][]schema.Source{tt.plugin: source("zoo.yaml", tt.text)})
			if err == nil || catalog.Unfit(tt.plugin, err).Error() != tt.want {
				t.Errorf("With = %v\nwant %s", err, tt.want)
			}
			if c.Model() != model {
				t.Error("the model has changed")
			}
		})
	}
}

func TestNewReportsEveryMistakeAndMakesNoCatalog(t *testing.T) {
	c, err := catalog.New(shipped, source("a.yaml", "entity: a\nfields:\n  b: {type: txt}\n  c: {type: reference, to: parti}\n"))
	want := "a.yaml:3: field \"b\": unknown type \"txt\"; did you mean \"text\"?\na.yaml:4: field \"c\": to: there is no entity or role \"parti\"; did you mean \"party\"?"
	if c != nil || err == nil || err.Error() != want {
		t.Errorf("New = %v, %v\nwant none, %s", c, err, want)
	}
}

// What the site adds to a plugin's entity waits for the plugin.
func TestAFileOfTheSiteWaitsForThePluginThatItNeeds(t *testing.T) {
	own := append(source("collar.yaml", "entity: collar\nfields:\n  pet: {type: reference, to: pet}\n"),
		append(source("more.yaml", "extend: pet\nfields:\n  color: {type: text}\n"), site...)...)
	c, err := catalog.New(shipped, own)
	if err != nil {
		t.Fatal(err)
	}
	want(t, c, "party", "contract")
	wantWaiting := `collar.yaml:3: field "pet": to: there is no entity or role "pet"` + "\n" + `more.yaml:1: extend: there is no entity or role "pet"`
	if got := c.Waiting().Err(); got == nil || got.Error() != wantWaiting {
		t.Errorf("waiting: %v, want %s", got, wantWaiting)
	}
	c = with(t, c, pets)
	want(t, c, "party", "pet", "collar", "contract")
	if c.Model().Entity("pet").Field("color") == nil || len(c.Waiting()) > 0 {
		t.Errorf("the pet has no color, or %v still waits", c.Waiting())
	}
}

func TestAMisspelledNameDoesNotWait(t *testing.T) {
	_, err := catalog.New(shipped, source("more.yaml", "extend: partie\nfields:\n  color: {type: text}\n"))
	if want := `more.yaml:1: extend: there is no entity or role "partie"; did you mean "party"?`; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestTheRegionOfTheSiteHoldsForWhatComesLater(t *testing.T) {
	t.Parallel()
	c, err := catalog.New(shipped, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err = c.In("DE").With(map[string][]schema.Source{"calls": source("call.yaml", "entity: call\nfields:\n  from: {type: phone, index: true}\n")})
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.Model().ParseFilter(c.Model().Entity("call"), map[string]any{"from": map[string]any{"matches": "0171 1234567"}}, false)
	if err != nil || !f.Match(map[string]any{"from": map[string]any{"e164": "+491711234567"}}) {
		t.Errorf("a national number is not found: %+v, %v", f, err)
	}
}
