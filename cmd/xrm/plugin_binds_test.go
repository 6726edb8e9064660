package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
)

// playBinder adds fields to customers that every customer has to fit.
func playBinder(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{"entities/customer.yaml": {Data: []byte(`extend: customer
fields:
  vat: {type: text, required: true}
  code: {type: text, unique: true}
  paid: {type: boolean, default: false}
`)}}
}

const (
	bareCustomer = `mutation { createCustomer(data: {kind: organization, displayName: "Napf"}) { customer { displayName } } }`
	fullCustomer = `mutation { createCustomer(data: {kind: organization, displayName: "Trog", vat: "DE1", code: "C1"}) { customer { vat code paid } } }`
	bareMade     = `{"createCustomer":{"customer":{"displayName":"Napf"}}}`
	vatMissing   = "INVALID The customer was not saved: some fields need attention. vat is required"
)

// customers says what becomes of a customer that knows nothing of the plugin.
func (p *process) bare() string {
	p.t.Helper()
	var made rawText
	if err := p.ask(bareCustomer, nil, &made); err != nil {
		return refusal(err)
	}
	return string(made)
}

func TestAPluginThatMayOnlyAddFieldsBindsNobody(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "binder", "needs: {fields: [customer]}")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	line := func(n, field string) string {
		return `plugin binder/entities/customer.yaml:` + n + `: field \"` + field + `, which binds all who save records of customer, and customer is not the plugin's own; ` +
			`needs in binder/plugin.yaml has to have constrains: [customer]; then approve it: xrm plugin approve binder`
	}
	p.becomes(`{ plugins { state lastError } }`, nil, `{"plugins":[{"state":"INVALID","lastError":"invalid: `+
		line("3", `vat\" is required`)+`\n`+line("4", `code\" is unique`)+`\n`+line("5", `paid\" has a default`)+`"}]}`)
	if got := p.bare(); got != bareMade {
		t.Errorf("a customer: %s, want %s", got, bareMade)
	}
	p.stop()
}

// While the plugin is only down its fields are required, and with the deliberate
// act that ends it they bind nobody: at once, and after a restart.
func TestWhatAPluginRequiresOfOthersEndsWithIt(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		plugins, data := t.TempDir(), t.TempDir()
		cast(t, plugins, "binder", "needs: {fields: [customer], constrains: [customer]}")
		environ := []string{"XRM_PLUGINS=" + plugins}
		begin := func() *process { return spawn(t, data, nil, append(flags, "--plugins", plugins)...).ready() }
		p := begin()
		pid := p.pluginProcess("binder")
		expect := func(when, want string) {
			t.Helper()
			if got := p.bare(); got != want {
				t.Errorf("%s a customer: %s, want %s", when, got, want)
			}
		}
		expect("while it runs", vatMissing)
		if got, want := p.must(fullCustomer, nil), `{"createCustomer":{"customer":{"vat":"DE1","code":"C1","paid":false}}}`; got != want {
			t.Errorf("a customer that fits: %s, want %s", got, want)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		expect("after it was killed", vatMissing)
		p.stop()

		write(t, filepath.Join(plugins, "binder", "plugin.yaml"), "name: binder\nversion: 1.0.0\nprotocol: 1\nexecutable: none\n") // so that it does not come up
		p = begin()
		expect("when it does not start", vatMissing)
		p.stop()
		if err := os.RemoveAll(filepath.Join(plugins, "binder")); err != nil {
			t.Fatal(err)
		}
		cast(t, plugins, "binder", "needs: {fields: [customer], constrains: [customer]}")

		p = begin()
		p.pluginProcess("binder")
		expect("when it runs again", vatMissing)
		succeeds(t, environ, "plugin", "disable", "binder")
		p.becomes(`{ plugins { state } }`, nil, `{"plugins":[{"state":"DISABLED"}]}`)
		expect("when it is disabled", bareMade)
		if got, want := p.must(`mutation { createCustomer(data: {kind: organization, displayName: "Krug", code: "C1"}) { customer { vat paid } } }`, nil), `{"createCustomer":{"customer":{"vat":null,"paid":null}}}`; got != want {
			t.Errorf("a customer with the same code: %s, want %s", got, want)
		}
		if got, want := p.must(`{ customers(filter: {code: {eq: "C1"}}, orderBy: [{displayName: ASC}]) { nodes { displayName vat } } }`, nil),
			`{"customers":{"nodes":[{"displayName":"Krug","vat":null},{"displayName":"Trog","vat":"DE1"}]}}`; got != want {
			t.Errorf("what is stored is read as %s, want %s", got, want)
		}
		p.stop()
		p = begin()
		expect("after a restart", bareMade)
		p.stop()
	})
}
