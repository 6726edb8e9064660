package pluginhost_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mention"
)

func contributionOf(t *testing.T, h *pluginhost.Host) snapshot.Contribution {
	t.Helper()
	list := h.Contributions()
	if len(list) != 1 {
		t.Fatalf("contributions = %v, want one", list)
	}
	return list[0]
}

var wantContribution = snapshot.Contribution{
	Plugin: "good", Version: "1.0.0", BeforeSave: []string{"customer", "ticket"},
	Entities: []schema.Source{{Layer: "plugin good", File: "plugin good/entities/ticket.yaml", Data: []byte(ticketYAML)}},
	Operations: []snapshot.Operation{
		{Plugin: "good", Name: "environment", Result: &schema.Field{Name: "result", Type: "list", Of: &schema.Field{Name: "result", Type: "text"}}},
		{
			Plugin: "good", Name: "closeTicket", Mutation: true, Doc: "Closes a ticket.",
			Arguments: schema.Fields{
				{Name: "id", Type: "reference", Required: true},
				{Name: "by", Type: "text", Required: true, Description: schema.Text{"en": "How."}},
			},
			Result: &schema.Field{Name: "result", Type: "reference", To: "ticket"},
		},
	},
	Fields: []snapshot.ComputedField{
		{Plugin: "good", Entity: "customer", Field: &schema.Field{Name: "tickets", Type: "list", Of: &schema.Field{Name: "tickets", Type: "reference", To: "ticket"}}},
		{Plugin: "good", Entity: "customer", Field: &schema.Field{Name: "mood", Type: "text"}},
	},
	Mentions: []mention.Mention{
		{Where: "BeforeSave", Entity: "customer"},
		{Where: "BeforeSave", Entity: "ticket"},
		{Where: "Returns of closeTicket", Entity: "ticket"},
		{Where: "Computed customer.tickets", Entity: "customer"},
		{Where: "Returns of customer.tickets", Entity: "ticket"},
		{Where: "Computed customer.mood", Entity: "customer"},
	},
	Rights: access.PluginRights{Plugin: "good", Layer: "plugin good"},
}

var ignoreLines = cmp.Options{cmpopts.IgnoreUnexported(schema.Field{}), cmpopts.IgnoreFields(snapshot.Contribution{}, "Recalled", "Migrated", "By"), cmpopts.IgnoreFields(access.PluginRights{}, "File")} // where a field stands, and who does what

func TestAContributionIsInTheWordsOfTheCore(t *testing.T) {
	t.Parallel()
	h := serving(t, "good", pluginhost.Config{})
	if diff := cmp.Diff(wantContribution, contributionOf(t, h), ignoreLines); diff != "" {
		t.Errorf("contribution (-want +got):\n%s", diff)
	}
}

func TestAContributionOutlivesThePluginAndTheHost(t *testing.T) {
	t.Parallel()
	dir, kept := install(t, "good"), t.TempDir()
	first, err := begin(pluginhost.Config{Dir: dir, CacheDir: kept, Registry: registry(t, kept), Trust: pluginhost.TrustAny})
	if err != nil {
		t.Fatal(err)
	}
	await(t, first, "good", in(pluginhost.Serving))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantContribution, contributionOf(t, first), ignoreLines); diff != "" {
		t.Errorf("after Close (-want +got):\n%s", diff)
	}

	second := start(t, pluginhost.Config{Dir: dir, CacheDir: kept, StartTimeout: time.Nanosecond, MinBackoff: time.Hour, MaxBackoff: time.Hour})
	recalled := contributionOf(t, second)
	if diff := cmp.Diff(wantContribution, recalled, ignoreLines); diff != "" || !recalled.Recalled {
		t.Errorf("in a host that has not got it to start, recalled: %v (-want +got):\n%s", recalled.Recalled, diff)
	}
}

func TestAContributionThatDoesNotFitMakesThePluginInvalid(t *testing.T) {
	t.Parallel()
	h := start(t, pluginhost.Config{Dir: install(t, "good"), Admit: func(o snapshot.Offer) error {
		return errors.New("entities/ticket.yaml:1: \"ticket\" is already defined")
	}})
	got := await(t, h, "good", in(pluginhost.Invalid))
	if want := `invalid: entities/ticket.yaml:1: "ticket" is already defined`; got.LastError != want {
		t.Errorf("LastError = %q, want %q", got.LastError, want)
	}
	if list := h.Contributions(); len(list) != 0 {
		t.Errorf("contributions = %v, want none", list)
	}
}

func TestAPluginThatNeedsAnEntityOfAnotherWaitsForIt(t *testing.T) {
	t.Parallel()
	hasSurvey := false
	h := start(t, pluginhost.Config{Dir: install(t, "good", "surveys"), Admit: func(o snapshot.Offer) error {
		if o.Plugin == "surveys" {
			hasSurvey = true
		} else if !hasSurvey {
			return mention.Unknown{`BeforeSave: there is no entity or role "survey"`}
		}
		return admitted(o)
	}})
	await(t, h, "good", in(pluginhost.Serving))
}

func TestAPluginThatNeedsAnEntityOfNobodyIsInvalid(t *testing.T) {
	t.Parallel()
	h := start(t, pluginhost.Config{Dir: install(t, "good"), Admit: func(o snapshot.Offer) error {
		return mention.Check(&schema.Model{}, o.Mentions)
	}})
	got := await(t, h, "good", in(pluginhost.Invalid))
	const want = `invalid: BeforeSave: there is no entity or role "customer"
BeforeSave: there is no entity or role "ticket"
Returns of closeTicket: there is no entity or role "ticket"
Computed customer.tickets: there is no entity or role "customer"
Returns of customer.tickets: there is no entity or role "ticket"
Computed customer.mood: there is no entity or role "customer"`
	if diff := cmp.Diff(want, got.LastError); diff != "" {
		t.Errorf("LastError (-want +got):\n%s", diff)
	}
}

func TestAPluginIsTriedAgainWhenWhatItNeedsIsDown(t *testing.T) {
	t.Parallel()
	asked := 0
	h := start(t, pluginhost.Config{Dir: install(t, "good"), Admit: func(o snapshot.Offer) error {
		if asked++; asked == 1 {
			return &core.Error{Code: core.Unavailable, Message: "The database is down."}
		}
		return admitted(o)
	}})
	await(t, h, "good", in(pluginhost.Serving))
}

func TestTwoPluginsCannotOfferTheSame(t *testing.T) {
	t.Parallel()
	var first string
	h := start(t, pluginhost.Config{Dir: install(t, "good", "garbage"), Admit: func(o snapshot.Offer) error {
		if first == "" {
			first = o.Plugin
		}
		if first != o.Plugin {
			return fmt.Errorf("the plugin %s already has an operation environment; rename one", first)
		}
		return admitted(o)
	}})
	h.Settle(t.Context())
	won := map[pluginhost.State]int{}
	for _, s := range h.Plugins() {
		won[s.State]++
		other := map[string]string{"good": "garbage", "garbage": "good"}[s.Name]
		if want := "invalid: the plugin " + other + " already has an operation environment; rename one"; s.State == pluginhost.Invalid && s.LastError != want {
			t.Errorf("LastError = %q, want %q", s.LastError, want)
		}
	}
	if won[pluginhost.Serving] != 1 || won[pluginhost.Invalid] != 1 {
		t.Errorf("plugins = %+v, want the first to win", h.Plugins())
	}
}
