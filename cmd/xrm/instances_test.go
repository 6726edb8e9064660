package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
)

// playGuard forbids a product and, from its second version on, a party; the second
// also keeps papers about parties.
func playGuard(p *sdk.Plugin, version string) {
	p.Name, p.Version = "guard", version
	forbid := func(field, text string) sdk.SaveFunc {
		return func(_ context.Context, _ sdk.Host, r *sdk.Record) error {
			if r.Text(field) == text {
				return sdk.Reject(field, "is forbidden")
			}
			return nil
		}
	}
	p.BeforeSave = map[string]sdk.SaveFunc{"product": forbid("name", "Poison")}
	if version != "1.0.0" {
		p.BeforeSave["party"] = forbid("displayName", "Nobody")
		p.Entities = fstest.MapFS{"entities/paper.yaml": {Data: []byte("entity: paper\nfields:\n  about: {type: reference, to: party}\n")}}
		p.PartyData = sdk.OnlyRecords()
	}
}

// guard puts a version of the guard into a folder of plugins, all at once.
func guard(t *testing.T, plugins, version string) {
	t.Helper()
	fresh := t.TempDir()
	cast(t, fresh, "guard-"+version, "")
	folder := filepath.Join(fresh, "guard-"+version)
	write(t, filepath.Join(folder, "plugin.yaml"), "name: guard\nversion: "+version+"\nprotocol: 1\nexecutable: guard-"+version+"\nneeds: {rules: [product, party], records: {product: {read: true}, party: {read: true}}}\n")
	old := filepath.Join(plugins, "guard")
	if err := os.Rename(old, filepath.Join(fresh, "old")); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := os.Rename(folder, old); err != nil {
		t.Fatal(err)
	}
}

// saves tries to save something on an instance, and returns what it is told; ""
// when it was saved.
func (p *process) saves(what, key string) string {
	p.t.Helper()
	err := p.ask(map[string]string{
		"product": `mutation ($v: String!) { createProduct(data: {sku: $v, name: $v}) { product { id } } }`,
		"party":   `mutation ($v: String!) { createParty(data: {kind: person, displayName: $v}) { party { id } } }`,
	}[what], map[string]any{"v": key}, new(rawText))
	if err == nil {
		return ""
	}
	return refusal(err)
}

func (p *process) party(name, city string) string {
	p.t.Helper()
	var made struct {
		CreateParty struct{ Party struct{ ID string } }
	}
	if err := p.ask(`mutation ($v: String!, $city: String) { createParty(data: {kind: person, displayName: $v, city: $city}) { party { id } } }`, map[string]any{"v": name, "city": city}, &made); err != nil {
		p.t.Fatal(err)
	}
	return made.CreateParty.Party.ID
}

// merges tries to make one party of two, and returns what it is told; "" when they
// are one.
func (p *process) merges(from, into string) string {
	p.t.Helper()
	err := p.ask(`mutation ($from: ID!, $into: ID!) { mergeParties(from: $from, into: $into) { outcome } }`, map[string]any{"from": from, "into": into}, new(rawText))
	if err == nil {
		return ""
	}
	return refusal(err)
}

func (p *process) readiness(want string) {
	p.t.Helper()
	eventually(p.t, func() string {
		status, body := p.get("/readyz")
		if got := strings.TrimSpace(body); status != http.StatusOK || got != want {
			return "/readyz answers " + got + ", want " + want
		}
		return ""
	})
}

func TestInstancesWithDifferentVersionsOfAPluginGoByTheOneInForce(t *testing.T) {
	t.Parallel()
	uri, foldersA, foldersB := mongoDatabase(t), t.TempDir(), t.TempDir()
	guard(t, foldersA, "1.0.0")
	guard(t, foldersB, "1.0.0")
	a := spawn(t, t.TempDir(), nil, "--store", uri, "--plugins", foldersA).ready()
	a.pluginProcess("guard")
	key, err := os.ReadFile(filepath.Join(a.data, "admin.key"))
	if err != nil {
		t.Fatal(err)
	}
	beside := func(plugins string) *process {
		data := t.TempDir()
		write(t, filepath.Join(data, "admin.key"), string(key))
		return spawn(t, data, nil, "--store", uri, "--plugins", plugins).ready()
	}
	b, c := beside(foldersB), beside(t.TempDir())
	b.pluginProcess("guard")
	const (
		forbidden = "INVALID The product was not saved: some fields need attention. name is forbidden"
		nobody    = "INVALID The party was not saved: some fields need attention. displayName is forbidden"
		missing   = "UNAVAILABLE The plugin guard 1.0.0 is in force, and this server does not have it. An administrator puts 1.0.0 into its plugin folder and approves it, or ends the plugin with: xrm plugin remove guard"
		outdated  = "UNAVAILABLE The plugin guard 2.0.0 is in force, and this server has 1.0.0. An administrator puts 2.0.0 into its plugin folder and approves it, or ends the plugin with: xrm plugin remove guard"
	)
	says := func(p *process, what, value, want string) {
		t.Helper()
		if got := p.saves(what, value); got != want {
			t.Errorf("the %s %s: %s\nwant %s", what, value, got, want)
		}
	}
	// The third has no folder: what the plugin guards is not saved there.
	says(a, "product", "Poison", forbidden)
	says(b, "product", "Tea", "")
	says(c, "product", "Milk", missing)
	says(c, "party", "Nobody", "")
	if got, want := c.must(`{ products { nodes { name } } plugins { state } }`, nil), `{"products":{"nodes":[{"name":"Tea"}]},"plugins":[{"state":"MISSING"}]}`; got != want {
		t.Errorf("it reads %s, want %s", got, want)
	}

	// A rolling upgrade: from the moment when one serves with the new rules, no other
	// saves around them.
	b.stop()
	guard(t, foldersB, "2.0.0")
	b = beside(foldersB)
	eventually(t, func() string {
		if got := b.saves("party", "Nobody"); got != nobody {
			return "the new version: " + got
		}
		return ""
	})
	if got := a.saves("party", "Nobody"); !strings.HasPrefix(got, "UNAVAILABLE ") {
		t.Errorf("the old instance saves around the new rule: %s", got)
	}
	for _, what := range []string{"party", "product"} {
		eventually(t, func() string {
			if got := a.saves(what, "Nobody"); got != outdated {
				return got + ", not " + outdated
			}
			return ""
		})
	}
	a.becomes(`{ papers { totalCount } plugins { state version } }`, nil, `{"papers":{"totalCount":0},"plugins":[{"state":"OUTDATED","version":"1.0.0"}]}`)
	says(b, "product", "Milk", "")
	a.readiness(`{"status":"ready","reasons":["The plugin guard 2.0.0 is in force, and this server has 1.0.0, so what it guards is not saved here; xrm plugin list says what to do."]}`)
	b.readiness(`{"status":"ready"}`)

	// Nobody merges around a rule, and whoever merges turns what only the new version
	// brings.
	from, into := b.party("Ada Lovelace", "London"), b.party("Ada King", "")
	paper := b.must(`mutation ($about: ID!) { createPaper(data: {about: $about}) { outcome } }`, map[string]any{"about": from})
	if want := `{"createPaper":{"outcome":"created"}}`; paper != want {
		t.Fatalf("the paper: %s", paper)
	}
	for name, p := range map[string]*process{"the old one": a, "the one without": c} {
		if got, want := p.merges(from, into), outdated; name == "the old one" && got != want {
			t.Errorf("%s merges: %s\nwant %s", name, got, want)
		} else if name != "the old one" && !strings.HasPrefix(got, "UNAVAILABLE The plugin guard ") {
			t.Errorf("%s merges: %s", name, got)
		}
	}
	if got := b.merges(from, into); got != "" {
		t.Errorf("the new one merges: %s", got)
	}
	if got := a.merges(into, b.party("Ada", "Ockham")); got != "" { // which changes nothing that is guarded
		t.Errorf("the old one merges: %s", got)
	}
	if got, want := a.must(`{ papers { nodes { about { displayName } } } }`, nil), `{"papers":{"nodes":[{"about":{"displayName":"Ada"}}]}}`; got != want {
		t.Errorf("after the merge the papers are %s, want %s", got, want)
	}

	// One that starts again with the old version takes nothing back.
	a.stop()
	a = beside(foldersA)
	eventually(t, func() string {
		if got := a.saves("product", "Milk"); got != outdated {
			return got + ", not " + outdated
		}
		return ""
	})
	says(b, "party", "Nobody", nobody)

	// One that is killed takes nothing with it.
	b.kill()
	says(a, "party", "Nobody", outdated)
	guard(t, foldersA, "2.0.0")
	a.await(a.log, `msg="plugin serves" plugin=guard version=2.0.0`)
	says(a, "party", "Nobody", nobody)
	says(a, "party", "Ada", "")
	a.readiness(`{"status":"ready"}`)

	// It ends for all of them.
	if status, out, complaints := command(t, nil, "plugin", "remove", "guard", "--store", uri); status != 0 {
		t.Fatalf("status %d\n%s%s", status, out, complaints)
	}
	for _, p := range []*process{a, c} {
		p.becomes(`{ plugins { state } }`, nil, `{"plugins":[{"state":"REMOVED"}]}`)
		p.readiness(`{"status":"ready"}`)
		says(p, "party", "Nobody", "")
		p.stop()
	}
}
