package conformance_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/cmd/xrm/conformance"
)

// staged is the folder of a plugin that the test binary plays.
func staged(t *testing.T, role string) conformance.Program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "visits")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, rolePrefix+role)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"plugin.yaml": "name: visits\nversion: 1.0.0\nprotocol: 1\nexecutable: run\n",
		// Else the race detector sleeps for a second at the end of each process.
		"run": "#!/bin/sh\nGORACE=atexit_sleep_ms=0 exec './" + rolePrefix + role + "'\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p, err := conformance.ReadProgram(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run returns what failed, as CHECK: SEEN, and what did not apply.
func run(t *testing.T, role string) (failed, inapplicable []string) {
	t.Helper()
	p := staged(t, role)
	err := conformance.Run(t.Context(), p, conformance.Settings{}, func(r conformance.Result) {
		r.Seen = strings.ReplaceAll(r.Seen, p.Dir, "DIR")
		switch r.Mark {
		case conformance.Failed:
			failed = append(failed, r.Check+": "+r.Seen)
			if r.Remedy == "" || r.Expected == "" {
				t.Errorf("%s does not say what is expected and how it is mended", r.Check)
			}
		case conformance.NotApplicable:
			inapplicable = append(inapplicable, r.Check+": "+r.Seen)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return failed, inapplicable
}

func TestAPluginThatDoesEverythingRightPassesEveryCheck(t *testing.T) {
	t.Parallel()
	failed, inapplicable := run(t, "well")
	if len(failed)+len(inapplicable) > 0 {
		t.Errorf("failed:\n%s\nnot applicable:\n%s", strings.Join(failed, "\n"), strings.Join(inapplicable, "\n"))
	}
}

// What is seen may go on after what stands here.
func TestWhatIsWrongWithAPluginIsFoundAndNothingElse(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"runs by hand":                  {"refuses to run by hand: it ended with status 0"},
		"prints first":                  {`starts: a handshake without a certificate: "Welcome!"`, `handshake: "Welcome!"`, `socket: a handshake without an address: "Welcome!"`, `certificate: no certificate can be read from "Welcome!"`},
		"has no certificate":            {"starts: a handshake without a certificate: ", "certificate: no certificate can be read from "},
		"listens elsewhere":             {"socket: unix /"},
		"is not healthy":                {"health: rpc error: code = Unknown desc = not healthy"},
		"is degraded for no reason":     {`lifeline: state DEGRADED, reason ""`},
		"is never the same":             {"describes itself always the same: two different answers"},
		"is of another version":         {"is what its manifest says: DIR/plugin.yaml:2: version is 1.0.0, and the program answers Describe with 2.0.0, which a server refuses"},
		"wants what nobody has":         {`features: "event"; did you mean "events"?`},
		"has a name twice":              {`names: the job "tidy" twice`},
		"needs what is no right":        {"names: the right that overdue needs \"visit.see\"\nthe operation \"overdue\", which is for everybody and needs something"},
		"has a type that is not there":  {`types: overdue: there is no type "string"`},
		"has the key of the host":       {`types: argument of book: idempotencyKey is one that the host adds to every mutation. Leave it out: the plugin gets a key with the call (in Go host.IdempotencyKey(), on the wire CallContext.idempotency_key)`, "operations answer: operation book: INTERNAL: Call book: there is no operation book"},
		"forgets the key of a call":     {"the batches of a mutation: plan makes a batch without a key: when it is called again, it is written again"},
		"makes up the key of a batch":   {"the batches of a mutation: plan makes batches with the keys "},
		"has a job without a schedule":  {`jobs: the job tidy: the schedule "" cannot be read`},
		"has a broken entity":           {`entities: plugin visits/entities/visit.yaml:8: field "shoe": unknown type "siez"`, `mentions: BeforeSave: there is no entity or role "visit"`},
		"describes too much":            {"size: it describes 516 topics, jobs, services, timers, endpoints, pages and rules, and 500 is the most for one plugin; split it into several plugins", "timers answer: timer a0: INTERNAL: fire the timer a0: there is no timer a0", "jobs run: job tidy0: INTERNAL: run the job tidy0: there is no job tidy0"},
		"leaves a hole in a text":       {"texts: texts/de.yaml:1: both texts must have the same holes: the English one has none, this one has {seit}"},
		"migrates by chance":            {"records migrate: visit from version 1 to 2: the same records become others when it is asked again; look at nothing but the record"},
		"migrates what is not its own":  {`records migrate: the migration to version 2 is of "product", which is no entity of its own`},
		"panics as it migrates":         {"records migrate: visit from version 1 to 2: INTERNAL: Migrate visit: panic: interface conversion"},
		"has a broken mail":             {`entities: mails/late.en.txt:3: `, `timers answer: timer sla: SendMail late: The plugin has no mail "late".`},
		"leaves a hole in a mail":       {"timers answer: timer sla: SendMail late: The mail late was not sent: the mail in the language en cannot be made: executing \"text\" at <.visit>: map has no entry for key \"visit\"."},
		"sends what is not there":       {"timers answer: timer sla: SendMail lat: The plugin has no mail \"lat\"; did you mean \"late\"?"},
		"uploads without a name":        {`timers answer: timer sla: WriteFile: the name ".." is none`},
		"reads files where none are":    {`timers answer: timer sla: ReadFile product: it has no field of type file`},
		"files what was not uploaded":   {`timers answer: timer sla: Save visit: paper must be an upload of your own`},
		"sends to what is no address":   {`timers answer: timer sla: SendMail late: The mail was not sent. to.0 "desk" is no mail address; write ada@example.org, or Ada <ada@example.org>`},
		"forgets the key of a mail":     {"timers answer: timer sla: SendMail late: A mail needs a key, so that it is not sent twice when its cause comes again"},
		"mentions what is not there":    {`mentions: BeforeDelete: there is no entity or role "vist"; did you mean "visit"?`},
		"waits for what never happens":  {`mentions: topic "order.creatd": nothing of that kind happens to records of order; did you mean "order.created"?`},
		"does not speak of parties":     {`data of parties: plugin visits/entities/visit.yaml:4: field "customer" refers to a party, and the plugin does not say`},
		"binds the records of others":   {"fields of others: plugin visits/entities/customer.yaml:3: field \"vat\" is required, which binds all who save records of customer, and customer is not the plugin's own; needs in visits/plugin.yaml has to have constrains: [customer]; then approve it: xrm plugin approve visits\nvisits/plugin.yaml: extend customer: "},
		"hands out no JSON":             {`hands out what it keeps: export of a party: "three visits" is no JSON`},
		"has a broken configuration":    {`schema of the configuration: "urn:config#" is not valid against metaschema`},
		"takes any configuration":       {"refuses a bad configuration: it took objects where the schema has other types"},
		"judges too few":                {"rules answer: rule customer: 2 verdicts for 3 records\nrule visit: 2 verdicts for 3 records", "many records in one call: customer: 999 verdicts for 1000 records"},
		"patches what is not there":     {`rules answer: rule customer: a patch of customer with "shoeSize", which is no field that it may set`, "many records in one call: customer: a patch"},
		"panics always":                 {"rules answer: rule customer: INTERNAL: BeforeSave customer: panic: no event, at ", "rules of deletions answer: rule of deletions visit: INTERNAL: BeforeDelete visit: panic: no event, at "},
		"panics without a value":        {"rules answer: rule customer: INTERNAL: BeforeSave customer: panic: no event, at ", "rules of deletions answer: "},
		"filters by what is not there":  {"fields answer: field customer.visits: Find visit: filter.custmer is no field; did you mean \"customer\"?"},
		"follows for ever":              {"what lasts: 2s after the end of subscription closings it still runs"},
		"does not hear":                 {`what is broadcast: it listens to "closed", and Hear fails: rpc error: code = Unimplemented`},
		"waits for who listens":         {`what is broadcast: 2000 broadcasts on "closed" were not heard within 2s`},
		"sleeps through its end":        {"what lasts: 2s after the end of job tidy it still runs"},
		"serves for ever":               {"what lasts: 2s after the end of service inbox it still runs"},
		"has a page that is not there":  {"pages are handed out: page stats: index.html is answered with the status 404 and 23 bytes; want 200"},
		"has a page without a digest":   {"names: the digest of the page board \"\"\nthe right that board needs \"visit.see\"\nthe page \"board\", which is for everybody and needs something"},
		"serves for a moment":           {"services go on: service inbox: INTERNAL: run the service inbox: the service returned by itself; go on until ctx ends"},
		"panics as it serves":           {"services go on: service inbox: INTERNAL: run the service inbox: panic: no mail"},
		"computes too few":              {"fields answer: field customer.visits: 0 values for 3 parents", "many records in one call: customer.visits: 0 values for 1000 parents"},
		"fails out of band":             {"an unknown operation: rpc error: code = Unknown desc = Call noSuchOperation: there is no operation noSuchOperation"},
		"fails when nothing is reached": {"operations answer: operation close: INTERNAL: Call close: The connection pbx cannot be reached: there is no network in this check."},
		"dies of what it does not know": {"an unknown field: the process ended: exit status 3\npanic: no such field"},
		"invents codes":                 {`codes: the code "TOO_LATE"`},
		"gives no receipts":             {"events are received: event order.created: 0 receipts for 2 events", "an event of another topic: 0 receipts for 1 events"},
		"counts events twice":           {"an event that comes twice: the second order.created changed records again"},
		"takes small messages":          {"large messages: rpc error: code = ResourceExhausted"},
		"does not hear the host":        {"deadlines: 1s after the end of field customer.visits its callback still waits", "canceled calls: 1s after the end of field customer.visits its callback still waits"},
		"prints later":                  {`keeps standard output clean: "thinking about myself"`},
		"does not drain":                {"drains: field customer.visits still ran when Drain returned"},
		"does not shut down":            {"shuts down: it still runs after 2s"},
		"leaves a child":                {"leaves nothing running: a process that it has started still runs"},
		"outlives its host":             {"ends with its lifeline: it still runs after 5s", "ends with its host: it still runs after 5s"},
	}
	for role, want := range tests {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			got, _ := run(t, role)
			if !slices.EqualFunc(got, want, strings.HasPrefix) {
				t.Errorf("what failed: %s", cmp.Diff(want, got))
			}
		})
	}
}
