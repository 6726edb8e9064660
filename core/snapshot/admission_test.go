package snapshot_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mention"
)

const petYAML = "entity: pet\nfields:\n  name: {type: text}\n"

// pets is what a plugin contributes: the entity pet, and a query of this name.
func pets(query string) snapshot.Contribution {
	return snapshot.Contribution{
		Plugin: "pets", Version: "1.0.0",
		Entities:   []schema.Source{{Layer: "plugin pets", File: "pet.yaml", Data: []byte(petYAML)}},
		Operations: []snapshot.Operation{{Plugin: "pets", Name: query, Result: &schema.Field{Name: query, Type: "text"}}},
		Rights:     access.PluginRights{Plugin: "pets", Layer: "plugin pets"},
	}
}

func TestOfAPluginThatDoesNotFitNothingStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	const want = "plugin pets cannot have the query customers: it is that of the role customer; choose another name"
	for query, want := range map[string]string{
		"customers": want,
		"plugins":   "plugin pets cannot have the query plugins: it is the program's own; choose another name",
		"apiKeys":   "plugin pets cannot have the query apiKeys: it is the program's own; choose another name",
	} {
		w.refused(pets(query), want)
	}
	before := w.Current()
	broken := pets("oldestPet")
	broken.Fields = []snapshot.ComputedField{{Plugin: "pets", Entity: "customer"}} // which the host would never let through
	if err := w.Admit(snapshot.Offer{Contribution: broken}); err == nil || !strings.HasPrefix(err.Error(), "xrm panicked over what it contributes: ") {
		t.Errorf("Admit of what makes xrm panic = %v", err)
	}
	if w.Current() != before {
		t.Error("of what made xrm panic something is there")
	}
	w.admit(pets("oldestPet"))
	worse := pets("customers")
	worse.Entities = nil
	w.refused(worse, want)
	if w.Current().Model.Entity("pet") == nil {
		t.Error("the version that fitted is gone")
	}
}

func TestAPluginThatWouldReplaceAPartOfTheAPIIsRefusedAndTheRestStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.admit(pets("oldestPet"))
	w.refused(snapshot.Contribution{Plugin: "spy", Version: "1.0.0", Entities: []schema.Source{
		{Layer: "plugin spy", File: "plugin spy/p.yaml", Data: []byte("entity: partyPayload\nfields:\n  name: {type: text}\n")},
	}}, "the definitions of the plugin spy 1.0.0 do not fit: plugin spy/p.yaml:1: the entity partyPayload of plugin spy cannot have the type PartyPayload: it is the payload of party; choose another name")
	w.refused(snapshot.Contribution{Plugin: "spy", Version: "1.0.0", Operations: []snapshot.Operation{{
		Plugin: "spy", Name: "party", Mutation: true, Result: &schema.Field{Name: "result", Type: "text"},
		Arguments: schema.Fields{{Name: "address", Type: "object", Fields: schema.Fields{{Name: "title", Type: "text"}}}},
	}}}, "the argument address of the mutation party of plugin spy cannot have the type PartyAddressInput: it is the input of party.addresses; choose another name")
	if err := w.readiness.Check(t.Context()); err == nil { // prepared is the model of the moment, and nobody has begun
		t.Error("the server is ready before anybody has begun")
	}
}

func TestWhatAnotherPluginHasIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.admit(pets("oldestPet"))
	mood := &schema.Field{Name: "mood", Type: "text"}
	other := snapshot.Contribution{Plugin: "zoo", Operations: pets("oldestPet").Operations}
	w.refused(other, "the plugin pets already has an operation oldestPet; rename one")
	first := pets("oldestPet")
	first.Fields = []snapshot.ComputedField{{Plugin: "pets", Entity: "customer", Field: mood}}
	w.admit(first)
	other = snapshot.Contribution{Plugin: "zoo", Fields: []snapshot.ComputedField{{Plugin: "zoo", Entity: "customer", Field: mood}}}
	w.refused(other, "the plugin pets already has a field customer.mood; rename one")
}

func TestWhatWouldTakeAnEntityFromAnotherPluginIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.admit(pets("oldestPet"))
	w.admit(snapshot.Contribution{Plugin: "vet", BeforeSave: []string{"pet"}, Mentions: []mention.Mention{{Where: "BeforeSave", Entity: "pet"}}})
	without := pets("oldestPet")
	without.Entities = nil
	w.refused(without, `the plugin vet needs what this one no longer has: BeforeSave: there is no entity or role "pet"`)
}

func TestAPluginCannotBeCalledLikeAnEntityOfOthers(t *testing.T) {
	t.Parallel()
	newWorld(t, "", nil).refused(snapshot.Contribution{Plugin: "order", Topics: []string{"order.created"}},
		"the plugin order is called like the entity order of shipped, so their events would be taken for each other's; rename one")
}

func TestAJobThatWouldNeverRunIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	err := w.Admit(snapshot.Offer{Contribution: snapshot.Contribution{Plugin: "clock", Jobs: []snapshot.Job{{Plugin: "clock", Name: "tidy", Schedule: "every day"}}}})
	if err == nil || !strings.HasPrefix(err.Error(), "job tidy: ") {
		t.Errorf("Admit = %v, want what is wrong with the job tidy", err)
	}
}

func TestARuleThatDoesNotFitAPluginIsToldToTheOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "role: keeper\npet:\n  read: {nme: {eq: Rex}}\n", nil)
	if strings.Contains(w.log.String(), "nme") {
		t.Errorf("the rule is told before the plugin is there:\n%s", w.log)
	}
	w.admit(pets("oldestPet"))
	const want = `site.yaml:3: pet.read.nme is no field; did you mean \"name\"?`
	if !strings.Contains(w.log.String(), want) {
		t.Errorf("the log does not say %s:\n%s", want, w.log)
	}
}

func TestWhatAPluginAsksForAndTheModelDoesNotHaveIsUnmet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.admit(pets("oldestPet"))
	c := snapshot.Contribution{
		Plugin: "p", Topics: []string{"pet.created", "pett.created", "erp.synced"},
		Asked: []mention.Mention{{Where: "p/plugin.yaml:7: needs.records", Entity: "pets"}, {Where: "p/plugin.yaml:8: needs.records", Entity: "customer"}},
	}
	want := []string{
		`p/plugin.yaml:7: needs.records: there is no entity or role "pets"; did you mean "pet"?`,
		`topic "pett.created": there is no entity or role "pett"; did you mean "pet"?`,
	}
	if diff := cmp.Diff(want, w.Current().Unmet(c)); diff != "" {
		t.Errorf("what is unmet (-want +got):\n%s", diff)
	}
	c.Topics, c.Asked = c.Topics[:1], c.Asked[1:]
	if got := w.Current().Unmet(c); got != nil {
		t.Errorf("with all that it asks for, unmet is %q", got)
	}
}

// judges refuses every pet as soon as the plugin has a rule for it.
type judges []snapshot.Contribution

func (j judges) BeforeSave(_ context.Context, _ record.Basis, e *schema.Entity, changes []core.Change) []error {
	errs := make([]error, len(changes))
	for _, c := range j {
		for i := range changes {
			if len(c.BeforeSave) > 0 && e.Name == c.BeforeSave[0] {
				errs[i] = &core.Error{Code: core.Invalid, Message: "No pets."}
			}
		}
	}
	return errs
}

// While plugins come, change and go, whoever reads must find the operation, the
// rule, the right and the entity together, or none of them.
func TestOperationsRulesRightsAndEntitiesComeAtTheSameMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", func(all []snapshot.Contribution) []record.Hook { return []record.Hook{judges(all)} })
	ruled := pets("oldestPet")
	ruled.BeforeSave = []string{"pet"}
	gone := snapshot.Contribution{Plugin: "pets"}
	stop := make(chan struct{})
	var saving sync.WaitGroup
	var open, shut atomic.Int64
	saving.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			now := w.Current()
			e := now.Model.Entity("pet")
			c, _ := now.Find("pets")
			if has := len(c.Operations) > 0; has != (e != nil) {
				t.Errorf("operations: %v, entity: %v", has, e != nil)
				return
			}
			if e == nil {
				shut.Add(1)
				continue
			}
			open.Add(1)
			if _, err := now.Policy.Readable(now.Model, core.PluginActor("pets"), e); err != nil {
				t.Errorf("the plugin may not read what it has brought: %v", err)
				return
			}
			got := w.records.As(admin, now.Basis).Save(t.Context(), e, []record.Draft{{Action: core.Created, Set: map[string]any{"name": "Rex"}}}, false)[0]
			if got.Err == nil {
				t.Error("a pet was saved without the rule")
				return
			}
		}
	})
	for n := 0; n < 10 || (open.Load() == 0 || shut.Load() == 0) && !t.Failed(); n++ {
		w.admit(ruled)
		w.admit(gone)
	}
	close(stop)
	saving.Wait()
}

func TestWhatRunsKeepsTheSnapshotThatItStartedWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", func(all []snapshot.Contribution) []record.Hook { return []record.Hook{judges(all)} })
	w.admit(pets("oldestPet"))
	before := w.Current()
	ruled := pets("youngestPet")
	ruled.BeforeSave = []string{"pet"}
	w.admit(ruled)
	save := func(s *snapshot.Snapshot) error {
		return w.records.As(admin, s.Basis).Save(t.Context(), s.Model.Entity("pet"), []record.Draft{{Action: core.Created, Set: map[string]any{"name": "Rex"}}}, false)[0].Err
	}
	if err := save(before); err != nil {
		t.Errorf("what started before the rule is refused by it: %v", err)
	}
	if err := save(w.Current()); err == nil {
		t.Error("what started after it is not")
	}
	if c, _ := before.Find("pets"); c.Operations[0].Name != "oldestPet" {
		t.Errorf("the snapshot has changed: %+v", c)
	}
}

func TestARightThatIsTakenBackIsGoneFromWhatRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.admit(pets("oldestPet"))
	running := w.Current().Basis
	less := pets("oldestPet")
	less.Rights.Layer = ""
	w.admit(less)
	_, err := w.Limit(running).Policy.Readable(running.Model, core.PluginActor("pets"), running.Model.Entity("pet"))
	if core.CodeOf(err) != core.Forbidden {
		t.Errorf("a call that runs reads with a right that was taken back: %v", err)
	}
}

func TestReadyComesBeforeAnybodyIsServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	served := false
	err := w.Admit(snapshot.Offer{Contribution: pets("oldestPet"), Ready: func() {
		_, served = w.Current().Find("pets")
	}})
	if err != nil || served {
		t.Errorf("Admit = %v; served before it was ready: %v", err, served)
	}
	err = w.Admit(snapshot.Offer{Contribution: pets("customers"), Ready: func() { t.Error("what is refused is ready") }})
	if err == nil {
		t.Error("what does not fit is admitted")
	}
	own := errors.New("nobody has granted that")
	err = w.Admit(snapshot.Offer{Contribution: pets("thirdPet"), Check: func(m *schema.Model) error {
		if m.Entity("pet") == nil {
			t.Error("the model lacks what is offered")
		}
		return own
	}})
	if !errors.Is(err, own) {
		t.Errorf("Admit = %v, want %v", err, own)
	}
}
