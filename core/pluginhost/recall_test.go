package pluginhost_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

// known writes what an earlier run has kept of a plugin.
func known(t *testing.T, kept string, d *pluginpb.DescribeResponse) {
	t.Helper()
	data, err := proto.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(kept, d.GetName()+".description"), string(data))
}

// stillborn installs a plugin whose process does not begin.
func stillborn(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
		t.Fatal(err)
	}
	script(t, filepath.Join(dir, name, "run"), "exit 1")
	write(t, filepath.Join(dir, name, "plugin.yaml"), "name: "+name+"\nversion: 1.0.0\nprotocol: 1\nexecutable: run\n")
}

// remove ends a plugin, as a command beside the hosts does.
func remove(t *testing.T, store pluginhost.Registry, name string) {
	t.Helper()
	if before, _, err := pluginhost.End(t.Context(), store, name, core.EndedRemoved, time.Now()); err != nil || before.Generation == 0 {
		t.Fatalf("End(%s) = %+v, %v", name, before, err)
	}
}

// judgedParty saves a party on the snapshot of the moment, and returns what a rule
// has against it.
func judgedParty(t *testing.T, admission *snapshot.Admission) error {
	t.Helper()
	now := admission.Current()
	for _, hook := range now.Hooks {
		for _, err := range hook.BeforeSave(t.Context(), now.Basis, now.Model.Entity("party"), []core.Change{{Actor: agent, After: &core.Record{Entity: "party", ID: "x", Version: 1}}}) {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	dealYAML = "entity: deal\nfields:\n  name: {type: text}\n"
	noteYAML = "entity: note\nfields:\n  deal: {type: reference, to: deal}\n  points: {type: integer}\n"
)

func described(name string, files ...string) *pluginpb.DescribeResponse {
	d := &pluginpb.DescribeResponse{Name: name, Version: "1.0.0"}
	for _, yaml := range files {
		d.Entities = append(d.Entities, &pluginpb.EntityFile{Path: "entity.yaml", Yaml: []byte(yaml)})
	}
	return d
}

func TestTheRulesOfAPluginThatIsCalledLikeANewEntityAreStillAsked(t *testing.T) {
	t.Parallel()
	dir, kept := t.TempDir(), t.TempDir()
	stillborn(t, dir, "helpdesk")
	d := described("helpdesk")
	d.BeforeSave = []string{"party"}
	known(t, kept, d)
	_, admission := admitting(t, pluginhost.Config{Dir: dir, CacheDir: kept},
		schema.Source{Layer: "site", File: "helpdesk.yaml", Data: []byte("entity: helpdesk\nfields:\n  name: {type: text}\n")})
	if err := judgedParty(t, admission); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a save of a party: %v, want that the plugin cannot be asked", err)
	}
}

func TestTheRulesOfAPluginWhoseEntitiesDoNotFitAnyMoreHoldUntilItIsRemoved(t *testing.T) {
	t.Parallel()
	dir, kept := t.TempDir(), t.TempDir()
	stillborn(t, dir, "q")
	d := described("q", dealYAML)
	d.BeforeSave = []string{"party"}
	known(t, kept, d)
	store := registry(t, kept)
	h, admission := admitting(t, pluginhost.Config{Dir: dir, CacheDir: kept, Registry: store}, schema.Source{Layer: "site", File: "deal.yaml", Data: []byte(dealYAML)})
	if err := judgedParty(t, admission); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a save of a party: %v, want that the plugin cannot be asked", err)
	}
	const unknown = "UNAVAILABLE Nothing is deleted, merged or erased on this server: the plugin q 1.0.0 is in force and does not fit here, so its records are not known. " +
		"An administrator finds in the log why, or ends it with: xrm plugin remove q"
	if err := h.Unknown(admission.Current().Contributions); told(err) != unknown {
		t.Errorf("a merge: %v, want %s", err, unknown)
	}
	if err := os.RemoveAll(filepath.Join(dir, "q")); err != nil {
		t.Fatal(err)
	}
	await(t, h, "q", in(pluginhost.Missing))
	if err := judgedParty(t, admission); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a save of a party while the folder is away: %v, want that the plugin cannot be asked", err)
	}
	remove(t, store, "q")
	await(t, h, "q", in(pluginhost.Removed))
	if err := judgedParty(t, admission); err != nil {
		t.Errorf("the plugin is removed, and still: %v", err)
	}
}

func TestWhatIsKnownOfPluginsHoldsInWhateverOrderTheyNeedEachOther(t *testing.T) {
	t.Parallel()
	bothWays := dealYAML + "  note: {type: reference, to: note}\n"
	tests := map[string]struct{ deals, notes, deal string }{
		"the first by name needs the other":  {deals: "b", notes: "a", deal: dealYAML},
		"the second by name needs the other": {deals: "b", notes: "c", deal: dealYAML},
		"each needs the other":               {deals: "b", notes: "a", deal: bothWays},
	}
	for name, tt := range tests {
		for _, state := range []string{"down", "removed"} {
			t.Run(name+", "+state, func(t *testing.T) {
				t.Parallel()
				dir, kept := t.TempDir(), t.TempDir()
				stillborn(t, dir, tt.deals)
				if state == "down" {
					stillborn(t, dir, tt.notes)
				}
				known(t, kept, described(tt.deals, tt.deal))
				notes := described(tt.notes, noteYAML)
				notes.PartyData, notes.Features = &pluginpb.PartyData{Merge: true, Export: true, Erase: true}, []string{"parties"}
				known(t, kept, notes)
				h, admission := admitting(t, pluginhost.Config{Dir: dir, CacheDir: kept})
				now := admission.Current()
				for _, entity := range []string{"deal", "note"} {
					if now.Model.Entity(entity) == nil {
						t.Errorf("there is no %s", entity)
					}
				}
				parts, err := h.Exporters(now.Contributions).ExportParty(t.Context(), now.Basis, agent, "p1")
				if err != nil || len(parts) != 1 || parts[0].Problem == "" {
					t.Errorf("of a party is handed out %+v, %v; want that %s cannot be asked", parts, err, tt.notes)
				}
			})
		}
	}
}

func TestOfAnotherPluginThatDoesNotFitAnyMoreTheRestHolds(t *testing.T) {
	t.Parallel()
	dir, kept := t.TempDir(), t.TempDir()
	stillborn(t, dir, "a")
	stillborn(t, dir, "b")
	known(t, kept, described("a", dealYAML))
	known(t, kept, described("b", "entity: visit\nfields:\n  name: {type: text}\n"))
	_, admission := admitting(t, pluginhost.Config{Dir: dir, CacheDir: kept}, schema.Source{Layer: "site", File: "deal.yaml", Data: []byte(dealYAML)})
	if m := admission.Current().Model; m.Entity("visit") == nil || m.Entity("deal").Layer != "site" {
		t.Error("one that does not fit takes another with it")
	}
}

// Plugins have to say what becomes of what they keep about parties. What is known
// of one from before that was a duty stays, whether or not it may run.
func TestTheEntitiesOfAPluginThatNeverSpokeOfPartiesStayWhenItIsRemoved(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"down", "removed"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			dir, kept := t.TempDir(), t.TempDir()
			if state == "down" {
				stillborn(t, dir, "old")
			}
			known(t, kept, described("old", "entity: visit\nfields:\n  party: {type: reference, to: party}\n"))
			_, admission := admitting(t, pluginhost.Config{Dir: dir, CacheDir: kept})
			if admission.Current().Model.Entity("visit") == nil {
				t.Error("its entity is gone")
			}
		})
	}
}

func TestARuleThatHasComeHoldsForAJobThatRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, admission := admitting(t, pluginhost.Config{Dir: dir})
	began := admission.Current().Basis
	put(t, dir, "matures", "2.0.0", "")
	await(t, h, "p", serves("2.0.0"))
	if on := admission.Limit(began); len(on.Hooks) != 1 || on.Model != began.Model {
		t.Errorf("what the job saves from now on is judged by %d rules, want that of the plugin, on the model that it began with", len(on.Hooks))
	}
}

func TestAnEntityThatRefersToOneOfAnotherPluginWaitsForIt(t *testing.T) {
	t.Parallel()
	h, admission := admitting(t, pluginhost.Config{Dir: t.TempDir()})
	for _, yaml := range []string{noteYAML, "extend: deal\nfields:\n  more: {type: text}\n"} {
		c := snapshot.Contribution{By: h, Plugin: "a", Version: "1.0.0", Entities: []schema.Source{{Layer: "plugin a", File: "note.yaml", Data: []byte(yaml)}}}
		if err := admission.Admit(snapshot.Offer{Contribution: c}); !errors.Is(err, schema.ErrNoEntity) {
			t.Errorf("Admit = %v, which is no ErrNoEntity: it would not be tried again", err)
		}
	}
}
