package catalog_test

import (
	"errors"
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

func open(t *testing.T, prepare func(*schema.Model) error) *catalog.Catalog {
	t.Helper()
	c, err := catalog.New(shipped, site, prepare)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func accept(*schema.Model) error { return nil }

func TestAPluginsEntitiesComeAndGo(t *testing.T) {
	c := open(t, accept)
	want(t, c, "party", "contract")
	running := c.Model()
	if err := c.Offer("pets", pets); err != nil {
		t.Fatal(err)
	}
	want(t, c, "party", "pet", "contract")
	if diff := cmp.Diff([]string{"party", "contract"}, names(running)); diff != "" {
		t.Errorf("the model that a request keeps has changed (-want +got):\n%s", diff)
	}
	if err := c.Offer("pets", nil); err != nil {
		t.Fatal(err)
	}
	want(t, c, "party", "contract")
}

func TestWhatAPluginOffersAgainIsNotPreparedAgain(t *testing.T) {
	prepared := 0
	c := open(t, func(*schema.Model) error { prepared++; return nil })
	for range 2 {
		if err := c.Offer("pets", pets); err != nil {
			t.Fatal(err)
		}
	}
	if prepared != 2 {
		t.Errorf("prepared %d models, want 2: without the plugin, and with it", prepared)
	}
}

func TestDefinitionsThatDoNotFitAreRefusedAndTheModelStays(t *testing.T) {
	c := open(t, accept)
	if err := c.Offer("pets", pets); err != nil {
		t.Fatal(err)
	}
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
			if err := c.Offer(tt.plugin, source("zoo.yaml", tt.text)); err == nil || err.Error() != tt.want {
				t.Errorf("Offer = %v\nwant %s", err, tt.want)
			}
			if c.Model() != model {
				t.Error("the model has changed")
			}
		})
	}
}

func TestAModelThatCannotBePreparedDoesNotBecomeCurrent(t *testing.T) {
	full := errors.New("the disk is full")
	c := open(t, func(m *schema.Model) error {
		if m.Entity("pet") != nil {
			return full
		}
		return nil
	})
	if err := c.Offer("pets", pets); !errors.Is(err, full) {
		t.Errorf("Offer = %v, want that %v", err, full)
	}
	want(t, c, "party", "contract")
}

func TestNewReportsEveryMistakeAndMakesNoCatalog(t *testing.T) {
	c, err := catalog.New(shipped, source("a.yaml", "entity: a\nfields:\n  b: {type: txt}\n  c: {type: reference, to: parti}\n"), accept)
	want := "a.yaml:3: field \"b\": unknown type \"txt\"; did you mean \"text\"?\na.yaml:4: field \"c\": to: there is no entity or role \"parti\"; did you mean \"party\"?"
	if c != nil || err == nil || err.Error() != want {
		t.Errorf("New = %v, %v\nwant none, %s", c, err, want)
	}
}

// What the site adds to a plugin's entity waits for the plugin.
func TestAFileOfTheSiteWaitsForThePluginThatItNeeds(t *testing.T) {
	own := append(source("collar.yaml", "entity: collar\nfields:\n  pet: {type: reference, to: pet}\n"),
		append(source("more.yaml", "extend: pet\nfields:\n  color: {type: text}\n"), site...)...)
	c, err := catalog.New(shipped, own, accept)
	if err != nil {
		t.Fatal(err)
	}
	want(t, c, "party", "contract")
	wantWaiting := `collar.yaml:3: field "pet": to: there is no entity or role "pet"` + "\n" + `more.yaml:1: extend: there is no entity or role "pet"`
	if got := c.Waiting().Err(); got == nil || got.Error() != wantWaiting {
		t.Errorf("waiting: %v, want %s", got, wantWaiting)
	}
	if err := c.Offer("pets", pets); err != nil {
		t.Fatal(err)
	}
	want(t, c, "party", "pet", "collar", "contract")
	if c.Model().Entity("pet").Field("color") == nil || len(c.Waiting()) > 0 {
		t.Errorf("the pet has no color, or %v still waits", c.Waiting())
	}
}

func TestAMisspelledNameDoesNotWait(t *testing.T) {
	_, err := catalog.New(shipped, source("more.yaml", "extend: partie\nfields:\n  color: {type: text}\n"), accept)
	if want := `more.yaml:1: extend: there is no entity or role "partie"; did you mean "party"?`; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}
