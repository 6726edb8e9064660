package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/pluginhost"
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
	eventually(t, func() string {
		if got := p.must(`{ plugins { state lastError } }`, nil); !strings.Contains(got, want) || !strings.Contains(got, `"INVALID"`) {
			return got + ", not " + want
		}
		return ""
	})
	p.stop()
}

func TestAPluginMergesAndHandsOutWhatItKeepsAboutAParty(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "points", "")
	approvals := pluginhost.Approvals{Plugins: plugins}
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("points")
		p.subscribed("points")
		var made struct {
			Anna, Double, Carol struct{ Customer struct{ ID string } }
		}
		if err := p.ask(`mutation {
			anna: createCustomer(data: {kind: person, displayName: "Anna"}) { customer { id } }
			double: createCustomer(data: {kind: person, displayName: "Anna A."}) { customer { id } }
			carol: createCustomer(data: {kind: person, displayName: "Carol"}) { customer { id } }
		}`, nil, &made); err != nil {
			t.Fatal(err)
		}
		anna, double, carol := made.Anna.Customer.ID, made.Double.Customer.ID, made.Carol.Customer.ID
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
		if err := approvals.Disable("points"); err != nil {
			t.Fatal(err)
		}
		p.becomes(`{ plugins { state } }`, nil, `{"plugins":[{"state":"DISABLED"}]}`)
		if diff := cmp.Diff([]string{"plugins: points: The plugin points is disabled or removed. Bring it back, and ask again."}, export(double).Problems); diff != "" {
			t.Errorf("of a plugin that is disabled (-want +got):\n%s", diff)
		}
		// The events of two parties come in any order.
		p.must(`mutation { mergeParties(from: "`+double+`", into: "`+anna+`") { outcome } }`, nil)
		p.must(`mutation { mergeParties(from: "`+anna+`", into: "`+carol+`") { outcome } }`, nil)
		if err := approvals.Enable("points", time.Now()); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() string {
			if got := export(carol); len(got.Plugins) != 1 || string(got.Plugins[0].Data) != "7" {
				return fmt.Sprintf("after the merges it hands out %+v", got)
			}
			return ""
		})
		if got, want := p.must(`{ cards { nodes { owner { displayName } } } }`, nil), `{"cards":{"nodes":[{"owner":{"displayName":"Carol"}}]}}`; got != want {
			t.Errorf("the card: %s, want %s", got, want)
		}
		p.must(`mutation { eraseParty(id: "`+carol+`") { outcome } }`, nil)
		eventually(t, func() string {
			if got := export(carol); string(got.Plugins[0].Data) != "0" {
				return fmt.Sprintf("after the erasure it hands out %+v", got)
			}
			return ""
		})
		p.stop()
	})
}
