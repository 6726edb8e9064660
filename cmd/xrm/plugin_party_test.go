package main

import (
	"context"
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
)

// playPoints keeps the points of a party in its state.
func playPoints(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{"entities/card.yaml": {Data: []byte("entity: card\nfields:\n  owner: {type: reference, to: customer}\n")}}
	p.Operations = []sdk.Operation{sdk.Mutation("collect", func(ctx context.Context, host sdk.Host, in struct {
		Party  sdk.ID `json:"party"`
		Points int    `json:"points"`
	}) (bool, error) {
		_, err := host.PutState(ctx, string(in.Party), in.Points, sdk.AnyVersion, 0)
		return true, err
	})}
	p.PartyData = &sdk.PartyData{
		Merge: func(ctx context.Context, host sdk.Host, from, into string) error {
			var points int
			if _, err := host.State(ctx, from, &points); err != nil || points == 0 {
				return err
			}
			if _, err := host.PutState(ctx, into, points, sdk.AnyVersion, 0); err != nil {
				return err
			}
			return host.DeleteState(ctx, from, sdk.AnyVersion)
		},
		Export: func(ctx context.Context, host sdk.Host, party string) (any, error) {
			var points int
			_, err := host.State(ctx, party, &points)
			return points, err
		},
		Erase: func(ctx context.Context, host sdk.Host, party string) error {
			return host.DeleteState(ctx, party, sdk.AnyVersion)
		},
	}
}

// playSilent refers to a customer, and says no more.
func playSilent(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{"entities/claim.yaml": {Data: []byte("entity: claim\nfields:\n  text: {type: text}\n  by: {type: reference, to: customer}\n")}}
}

func TestAPluginThatRefersToPartiesSaysWhatBecomesOfItsData(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "silent", "")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	const want = `plugin silent/entities/claim.yaml:4: field \"by\" refers to a party, and the plugin does not say what becomes of its data when parties are merged, handed out or erased; ` +
		`set PartyData in sdk.Plugin (party_data of Describe): sdk.OnlyRecords() if all that it keeps about a party is in fields, and Merge, Export and Erase otherwise`
	if got := p.must(`{ plugins { state lastError } }`, nil); !strings.Contains(got, want) || !strings.Contains(got, `"INVALID"`) {
		t.Errorf("plugins = %s, want one with %s", got, want)
	}
	p.stop()
}

func TestAPluginMergesAndHandsOutWhatItKeepsAboutAParty(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "points", "")
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		pid := p.pluginProcess("points")
		p.subscribed("points")
		var made struct {
			Anna, Double struct{ Customer struct{ ID string } }
		}
		if err := p.ask(`mutation {
			anna: createCustomer(data: {kind: person, displayName: "Anna"}) { customer { id } }
			double: createCustomer(data: {kind: person, displayName: "Anna A."}) { customer { id } }
		}`, nil, &made); err != nil {
			t.Fatal(err)
		}
		anna, double := made.Anna.Customer.ID, made.Double.Customer.ID
		p.must(`mutation { collect(party: "`+double+`", points: 7) createCard(data: {owner: "`+double+`"}) { outcome } }`, nil)
		export := func(id string) (doc struct {
			Plugins []struct {
				Plugin string
				Data   json.RawMessage
			}
			Problems []string
		}) {
			t.Helper()
			var answer struct{ ExportParty json.RawMessage }
			if err := p.ask(`{ exportParty(id: "`+id+`") }`, nil, &answer); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(answer.ExportParty, &doc); err != nil {
				t.Fatalf("%v: %s", err, answer.ExportParty)
			}
			return doc
		}
		if got := export(double); len(got.Plugins) != 1 || string(got.Plugins[0].Data) != "7" || len(got.Problems) > 0 {
			t.Errorf("before the merge it hands out %+v", got)
		}
		p.must(`mutation { mergeParties(from: "`+double+`", into: "`+anna+`") { outcome } }`, nil)
		eventually(t, func() string {
			if got := export(anna); string(got.Plugins[0].Data) != "7" {
				return "after the merge it hands out " + string(got.Plugins[0].Data)
			}
			return ""
		})
		if got, want := p.must(`{ cards { nodes { owner { displayName } } } }`, nil), `{"cards":{"nodes":[{"owner":{"displayName":"Anna"}}]}}`; got != want {
			t.Errorf("the card: %s, want %s", got, want)
		}

		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		got := export(anna)
		if len(got.Problems) != 1 || !strings.HasPrefix(got.Problems[0], "plugins: points: The plugin points ") || !strings.HasSuffix(got.Problems[0], "Try again in a few seconds.") {
			t.Errorf("of a plugin that hangs it says %q", got.Problems)
		}
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		p.stop()
	})
}
