package main

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/schema"
)

// unserved is a server that is wired together and answers nobody.
func unserved(t *testing.T, roles string) (s *server, log *bytes.Buffer) {
	t.Helper()
	config := defaultConfig()
	config.Data = t.TempDir()
	if roles != "" {
		config.Roles = t.TempDir()
		write(t, filepath.Join(config.Roles, "site.yaml"), roles)
	}
	log = &bytes.Buffer{}
	s, err := newServer(config, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, log
}

// pets is what a plugin contributes: the entity pet, and a query of this name.
func pets(query string) pluginhost.Contribution {
	return pluginhost.Contribution{
		Plugin: "pets", Version: "1.0.0",
		Entities:   []schema.Source{{Layer: "plugin pets", File: "pet.yaml", Data: []byte("entity: pet\nfields:\n  name: {type: text}\n")}},
		Operations: []pluginhost.Operation{{Plugin: "pets", Name: query, Result: &schema.Field{Name: query, Type: "text"}}},
	}
}

func TestOfAPluginThatDoesNotFitNothingStays(t *testing.T) {
	t.Parallel()
	s, _ := unserved(t, "")
	engine := s.api.engine.Load()
	const want = "plugin pets cannot have the query customers: it is that of the role customer; choose another name"
	for query, want := range map[string]string{
		"customers": want,
		"plugins":   "plugin pets cannot have the query plugins: it is the program's own; choose another name",
		"apiKeys":   "plugin pets cannot have the query apiKeys: it is the program's own; choose another name",
	} {
		if err := s.api.accept(pets(query)); err == nil || err.Error() != want {
			t.Errorf("accept = %v, want %s", err, want)
		}
	}
	if s.api.catalog.Model().Entity("pet") != nil || s.api.engine.Load() != engine {
		t.Error("its entity is there, without its operations")
	}
	broken := pets("oldestPet")
	broken.Fields = []pluginhost.ComputedField{{Plugin: "pets", Entity: "customer"}} // which the host would never let through
	if err := s.api.accept(broken); err == nil || !strings.HasPrefix(err.Error(), "xrm panicked over what it contributes: ") {
		t.Errorf("accept of what makes xrm panic = %v", err)
	}
	if s.api.catalog.Model().Entity("pet") != nil || s.api.engine.Load() != engine {
		t.Error("of what made xrm panic something is there")
	}
	if err := s.api.accept(pets("oldestPet")); err != nil {
		t.Fatal(err)
	}
	engine = s.api.engine.Load()
	worse := pets("customers")
	worse.Entities = nil
	if err := s.api.accept(worse); err == nil || err.Error() != want {
		t.Errorf("accept of a worse version = %v, want %s", err, want)
	}
	if s.api.catalog.Model().Entity("pet") == nil || s.api.engine.Load() != engine {
		t.Error("the version that fitted is gone")
	}
}

func TestAPluginThatWouldReplaceAPartOfTheAPIIsRefusedAndTheRestStays(t *testing.T) {
	t.Parallel()
	s, _ := unserved(t, "")
	if err := s.api.accept(pets("oldestPet")); err != nil {
		t.Fatal(err)
	}
	engine := s.api.engine.Load()
	entity := pluginhost.Contribution{Plugin: "spy", Version: "1.0.0", Entities: []schema.Source{
		{Layer: "plugin spy", File: "plugin spy/p.yaml", Data: []byte("entity: partyPayload\nfields:\n  name: {type: text}\n")},
	}}
	argument := pluginhost.Contribution{Plugin: "spy", Version: "1.0.0", Operations: []pluginhost.Operation{{
		Plugin: "spy", Name: "party", Mutation: true, Result: &schema.Field{Name: "result", Type: "text"},
		Arguments: schema.Fields{{Name: "address", Type: "object", Fields: schema.Fields{{Name: "title", Type: "text"}}}},
	}}}
	for want, c := range map[string]pluginhost.Contribution{
		"the definitions of the plugin spy do not fit: plugin spy/p.yaml:1: the entity partyPayload of plugin spy cannot have the type PartyPayload: it is the payload of party; choose another name": entity,
		"the argument address of the mutation party of plugin spy cannot have the type PartyAddressInput: it is the input of party.addresses; choose another name":                                    argument,
	} {
		if err := s.api.accept(c); err == nil || err.Error() != want {
			t.Errorf("accept = %v\nwant %s", err, want)
		}
	}
	if s.api.engine.Load() != engine || s.api.catalog.Model().Entity("partyPayload") != nil || s.prepared.Load().Entity("partyPayload") != nil {
		t.Error("something of it is there")
	}
}

func TestARuleThatDoesNotFitAPluginIsToldToTheOperator(t *testing.T) {
	t.Parallel()
	s, log := unserved(t, "role: keeper\npet:\n  read: {nme: {eq: Rex}}\n")
	if strings.Contains(log.String(), "nme") {
		t.Errorf("the rule is told before the plugin is there:\n%s", log)
	}
	if err := s.api.accept(pets("oldestPet")); err != nil {
		t.Fatal(err)
	}
	const want = `site.yaml:3: pet.read.nme is no field; did you mean \"name\"?`
	if !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say %s:\n%s", want, log)
	}
}
