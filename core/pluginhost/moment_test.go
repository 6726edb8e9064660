package pluginhost_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
)

// admitting starts a host whose plugins are part of real snapshots, which grant
// all that they ask for. more are files of the site.
func admitting(t *testing.T, config pluginhost.Config, more ...schema.Source) (*pluginhost.Host, *snapshot.Admission) {
	t.Helper()
	definitions, err := catalog.New([]schema.Source{
		{Layer: "test", File: "party.yaml", Data: []byte("entity: party\nfields:\n  name: {type: text}\n")},
		{Layer: "test", File: "customer.yaml", Data: []byte("role: customer\nof: party\nfields:\n  segment: {type: text}\n")},
	}, more)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := access.LoadRoles(definitions.Model(), nil)
	if err != nil {
		t.Fatal(err)
	}
	admission, err := snapshot.New(snapshot.Config{
		Catalog: definitions, Roles: roles, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Hooks: func(all []snapshot.Contribution) []record.Hook {
			for _, c := range all {
				return c.By.(*pluginhost.Host).Hooks(all)
			}
			return nil
		},
		Build:   func(*snapshot.Snapshot) (*execution.Engine, error) { return new(execution.Engine), nil },
		Names:   func(*schema.Model) error { return nil },
		Prepare: func(*schema.Past, *schema.Model) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	config.Admit = func(o snapshot.Offer) error {
		o.Check, o.PartyData.Said = nil, true
		return admission.Admit(o)
	}
	config.Recall = admission.Recall
	return start(t, config), admission
}

// unjudged saves tickets that the plugin p refuses, on the snapshot of the moment,
// until a rule has judged some of them. It returns how many passed although the
// plugin has a rule, and fails the test when an operation is there that does not
// answer.
func unjudged(t *testing.T, admission *snapshot.Admission, plugin, version string) (passed int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for judged := 0; judged < 50; {
		if ctx.Err() != nil {
			t.Errorf("%s %s is not admitted, or judges nothing", plugin, version)
			return passed
		}
		now := admission.Current()
		c, found := now.Find(plugin)
		if !found || c.Version != version {
			continue
		}
		e := now.Model.Entity("ticket")
		refused := false
		for _, hook := range now.Hooks {
			for _, err := range hook.BeforeSave(t.Context(), now.Basis, e, []core.Change{{Actor: agent, After: ticket("t1", map[string]any{"title": "reject"})}}) {
				refused = refused || err != nil
			}
		}
		if refused {
			judged++
		} else {
			passed++
		}
		if _, err := c.By.Call(t.Context(), now.Basis, agent, c.Operations[0], nil, record.Key{}); err != nil {
			t.Errorf("the operation %s is there and does not answer: %v", c.Operations[0].Name, err)
			return passed
		}
	}
	return passed
}

func TestNoSavePassesUnjudgedOnceTheOperationsOfAPluginAreThere(t *testing.T) {
	t.Parallel()
	_, admission := admitting(t, pluginhost.Config{Dir: install(t, "good"), CacheDir: t.TempDir()})
	if passed := unjudged(t, admission, "good", "1.0.0"); passed > 0 {
		t.Errorf("%d saves passed unjudged", passed)
	}
}

func TestNoSavePassesUnjudgedByARuleThatAnUpgradeAdds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "matures", "1.0.0", "")
	h, admission := admitting(t, pluginhost.Config{Dir: dir, CacheDir: t.TempDir()})
	await(t, h, "p", serves("1.0.0"))
	if hooks := admission.Current().Hooks; len(hooks) > 0 {
		t.Fatal("version 1.0.0 has rules already")
	}
	var saving sync.WaitGroup
	saving.Go(func() {
		if passed := unjudged(t, admission, "p", "2.0.0"); passed > 0 {
			t.Errorf("%d saves passed unjudged", passed)
		}
	})
	put(t, dir, "matures", "2.0.0", "")
	await(t, h, "p", serves("2.0.0"))
	saving.Wait()
}

// The rules of plugins that are known from an earlier run hold when Start
// returns, though no process has begun yet.
func TestRulesFromAnEarlierRunHoldFromTheFirstMoment(t *testing.T) {
	t.Parallel()
	dir, kept := install(t, "good"), t.TempDir()
	t.Run("an earlier run", func(t *testing.T) {
		h, _ := admitting(t, pluginhost.Config{Dir: dir, CacheDir: kept})
		await(t, h, "good", in(pluginhost.Serving))
	})
	_, admission := admitting(t, pluginhost.Config{Dir: dir, CacheDir: kept})
	now := admission.Current()
	if len(now.Hooks) != 1 {
		t.Fatalf("there are %d rules, want those of the plugin", len(now.Hooks))
	}
	reject := []core.Change{{Actor: agent, After: ticket("t1", map[string]any{"title": "reject"})}}
	for _, err := range now.Hooks[0].BeforeSave(t.Context(), now.Basis, now.Model.Entity("ticket"), reject) {
		if err == nil {
			t.Error("a save passed unjudged")
		}
	}
}

// A save that started before an upgrade took a rule away, and asks after it.
func TestASaveWhoseRuleHasJustGoneIsTriedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "matures", "2.0.0", "")
	h, admission := admitting(t, pluginhost.Config{Dir: dir})
	await(t, h, "p", serves("2.0.0"))
	before := admission.Current()
	put(t, dir, "matures", "1.0.0", "")
	await(t, h, "p", serves("1.0.0"))
	errs := before.Hooks[0].BeforeSave(t.Context(), before.Basis, before.Model.Entity("ticket"), []core.Change{{Actor: agent, After: ticket("t1", map[string]any{"title": "fine"})}})
	if want := "UNAVAILABLE The rules of the plugin p have just changed. Try again."; len(errs) != 1 || told(errs[0]) != want {
		t.Errorf("the save: %v, want %s", errs, want)
	}
}
