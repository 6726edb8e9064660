package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestADeprecatedOptionStaysWhereItIsAndIsChosenByNobody(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		definitions := func(amber, held string) map[string]string {
			return map[string]string{
				"signal.yaml": "entity: signal\nfields:\n  code: {type: text, unique: true}\n  note: {type: text}\n  color: {type: enum, index: true, options: {red: {en: Red}" + amber + "}}\n" +
					"  state: {type: state, options: {open: {next: [held, done]}, held: {" + held + "next: [done]}, done: {}}, default: open}\n",
				"party.yaml": "extend: party\nfields:\n  color: {type: enum, options: {red: {en: Red}" + amber + "}}\n",
			}
		}
		data := t.TempDir()
		serve := func(amber, held string) *process {
			return spawn(t, data, nil, append(flags, "--entities", siteFolder(t, definitions(amber, held)))...).ready()
		}
		p := serve(", amber: {en: Amber}", "")
		p.must(`mutation { createSignals(data: [{code: "a", color: amber}, {code: "r", color: red}]) { outcome } }`, nil)
		p.must(`mutation { upsertSignal(by: code, data: {code: "a", state: held}) { outcome } }`, nil)
		p.must(`mutation { a: createParty(data: {kind: person, displayName: "From", color: amber}) { outcome } b: createParty(data: {kind: person, displayName: "Into"}) { outcome } }`, nil)
		p.stop()

		p = serve("", "")
		if _, body := p.get("/readyz"); !strings.Contains(body, `has lost the option amber, but records of signal have it; change those first, or keep the option with deprecated: true, so that nobody chooses it anew (1 record)`) {
			t.Errorf("without the option /readyz answers %s", body)
		}
		p.stop()

		p = serve(", amber: {en: Amber, deprecated: sold out}", "deprecated: true, ")
		if _, body := p.get("/readyz"); strings.TrimSpace(body) != `{"status":"ready"}` {
			t.Errorf("with the option deprecated /readyz answers %s", body)
		}
		const refused = `amber is deprecated (sold out): choose one of red`
		for _, step := range []struct{ ask, want string }{
			{`mutation { upsertSignal(by: code, data: {code: "a", note: "kept", color: amber}) { outcome signal { color } } }`, `"color":"amber"`},
			{`{ signals(filter: {color: {eq: amber}}, orderBy: [{color: ASC}]) { nodes { code note state } } }`, `"note":"kept"`},
			{`mutation { createSignal(data: {code: "n", color: amber}) { outcome } }`, refused},
			{`mutation { upsertSignal(by: code, data: {code: "r", color: amber}) { outcome } }`, refused},
			{`mutation { createSignal(data: {code: "n", color: amber}, dryRun: true) { outcome } }`, refused},
			{`mutation { createSignal(data: {code: "n", state: held}) { outcome } }`, `held is deprecated: choose one of open, done`},
			{`{ __type(name: "SignalColor") { enumValues(includeDeprecated: true) { name isDeprecated deprecationReason } } }`, `"name":"amber","isDeprecated":true,"deprecationReason":"sold out"`},
			{`{ entity(name: "signal") { fields { name options { value deprecated } } } }`, `{"value":"red","deprecated":null},{"value":"amber","deprecated":"sold out"}`},
			{`{ entity(name: "signal") { fields { name options { value deprecated } } } }`, `{"value":"held","deprecated":"It stays on records that have it, and cannot be chosen any more."}`},
		} {
			if got := p.says(step.ask); !strings.Contains(got, step.want) {
				t.Errorf("%s\nanswers %s\nwant    %s", step.ask, got, step.want)
			}
		}

		id := func(list, filter string) string {
			var found map[string]struct{ Nodes []struct{ ID string } }
			if err := p.ask(`{ `+list+`(filter: `+filter+`) { nodes { id } } }`, nil, &found); err != nil || len(found[list].Nodes) != 1 {
				t.Fatalf("%s %s: %v %v", list, filter, found, err)
			}
			return found[list].Nodes[0].ID
		}
		if got := p.says(`mutation { transitionSignal(id: "` + id("signals", `{code: {eq: "r"}}`) + `", from: open, to: held) { outcome } }`); !strings.Contains(got, "held is deprecated: choose one of open, done") {
			t.Errorf("to a deprecated state: %s", got)
		}
		if got := p.says(`mutation { transitionSignal(id: "` + id("signals", `{code: {eq: "a"}}`) + `", from: held, to: done) { outcome } }`); !strings.Contains(got, "updated") {
			t.Errorf("from a deprecated state: %s", got)
		}
		file := write(t, filepath.Join(t.TempDir(), "signals.csv"), "code,color\ni,Amber\na,Amber\n")
		if status, _, complaints := command(t, p.environ(), "import", file, "--entity", "signal", "--key", "code"); status != 2 || !strings.Contains(complaints, "line 2 is rejected: color "+refused) || strings.Contains(complaints, "line 3") {
			t.Errorf("the import: status %d %s", status, complaints)
		}
		if got := p.says(`mutation { mergeParties(from: "` + id("parties", `{displayName: {eq: "From"}}`) + `", into: "` + id("parties", `{displayName: {eq: "Into"}}`) + `") { outcome party { color } } }`); !strings.Contains(got, `"color":"amber"`) {
			t.Errorf("a merge: %s", got)
		}
		p.must(`mutation { upsertSignal(by: code, data: {code: "a", color: red}) { outcome } }`, nil)
		if got := p.says(`mutation { upsertSignal(by: code, data: {code: "a", color: amber}) { outcome } }`); !strings.Contains(got, refused) {
			t.Errorf("once it is given up: %s", got)
		}
		p.stop()
	})
}
