package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
)

const visitYAML = `entity: visit
fields:
  note: {type: text}
`

// played is the plugin that the test binary is when it is started under this
// name.
func played(name string) sdk.Plugin {
	p := sdk.Plugin{Name: name, Version: "1.0.0"}
	switch name {
	case "clerk":
		playClerk(&p)
	case "visits":
		p.Entities = fstest.MapFS{"entities/visit.yaml": {Data: []byte(visitYAML)}}
		p.BeforeSave = map[string]sdk.SaveFunc{"visit": judgeVisit}
		news := &visitNews{followers: map[chan string]bool{}}
		p.Events = []sdk.Subscription{sdk.On("visit.created", news.tell)}
		p.Operations = []sdk.Operation{sdk.Stream("newVisits", news.follow).Returns("visit")}
	case "mistyped":
		p.Entities = fstest.MapFS{"entities/survey.yaml": {Data: []byte(strings.Replace(visitYAML, "visit", "survey", 1))}}
		p.BeforeSave = map[string]sdk.SaveFunc{"survy": judgeVisit}
		p.Fields = []sdk.Field{sdk.Computed("custmer", "surveys", noRecords).Returns("surveys")}
	case "mirror":
		p.Endpoints = []sdk.Endpoint{sdk.HTTP("/", func(_ sdk.Host, w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "Authorization: %q", r.Header.Values("Authorization"))
		})}
	case "audits": // by name before the one whose entity it needs
		p.BeforeSave = map[string]sdk.SaveFunc{"visit": refuseEmpty}
	case "clock":
		playClock(&p)
	case "shop":
		playShop(&p)
	case "vault":
		playVault(&p)
	case "desk":
		playDesk(&p)
	case "intruder":
		playIntruder(&p)
	case "nosy":
		playNosy(&p)
	case "deaf":
		playDeaf(&p)
	case "successor":
		p.Entities = fstest.MapFS{"entities/visit.yaml": {Data: []byte("entity: visit\nfields:\n  note: {type: text}\n  by: {type: text}\n")}}
	case "binder":
		playBinder(&p)
	case "greedy":
		playGreedy(&p)
	case "dawdler-a", "dawdler-b":
		playDawdler(&p)
	case "coupons":
		playCoupons(&p)
	case "circle":
		playCircle(&p)
	case "points":
		playPoints(&p)
	case "silent":
		playSilent(&p)
	case "printer":
		playPrinter(&p)
	case "asker":
		playAsker(&p)
	case "hanger":
		playHanger(&p)
	case "alike":
		playAlike(&p)
	case "guard-1.0.0", "guard-2.0.0":
		playGuard(&p, strings.TrimPrefix(name, "guard-"))
	case "sentry":
		playSentry(&p)
	case "witness":
		playWitness(&p)
	case "postman":
		playPostman(&p)
	case "receptionist":
		playReceptionist(&p)
	case "fair", "till":
		playFair(&p)
	case "polyglot":
		playPolyglot(&p)
	case "mover":
		playMover(&p)
	}
	return p
}

func judgeVisit(_ context.Context, _ sdk.Host, visit *sdk.Record) error {
	switch visit.Text("note") {
	case "fail":
		return errors.New("disk on fire")
	case "panic":
		panic("no such visit")
	}
	return nil
}

func refuseEmpty(_ context.Context, _ sdk.Host, visit *sdk.Record) error {
	if visit.Text("note") == "" {
		return sdk.Reject("note", "is what an audit is about")
	}
	return nil
}

func noRecords(_ context.Context, _ sdk.Host, parents []*sdk.Record) ([][]*sdk.Record, error) {
	return make([][]*sdk.Record, len(parents)), nil
}

// playing is a folder with these plugins.
func playing(t *testing.T, names ...string) string {
	t.Helper()
	plugins := t.TempDir()
	for _, name := range names {
		cast(t, plugins, name, "needs: {rules: [visit], http: [/]}")
	}
	return plugins
}

// cast puts a plugin that is played into a folder of plugins; more are lines of
// its manifest.
func cast(t testing.TB, plugins, name, more string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(plugins, name, "plugin.yaml"), "name: "+name+"\nversion: 1.0.0\nprotocol: 1\nexecutable: "+name+"\n"+more+"\n")
	if err := os.Symlink(self, filepath.Join(plugins, name, name)); err != nil {
		t.Fatal(err)
	}
}

func TestARuleForAMistypedEntityMakesThePluginInvalid(t *testing.T) {
	t.Parallel()
	p := spawn(t, t.TempDir(), []string{"XRM_TIMEOUT_PLUGIN=30s"}, "--plugins", playing(t, "mistyped", "visits")).ready()
	p.await(p.log, `msg="plugin failed" plugin=mistyped state=INVALID`)
	p.pluginProcess("visits")
	const line = `  plugin   mistyped 1.0.0: INVALID: BeforeSave: there is no entity or role "survy"; did you mean "survey"?` + "\n"
	if !strings.Contains(p.out.String(), line) {
		t.Errorf("the server prints\n%swithout\n%s", p.out, line)
	}
	var got struct {
		Plugins []struct{ Name, State, LastError string }
	}
	if err := json.Unmarshal([]byte(p.must(`{ plugins { name state lastError } }`, nil)), &got); err != nil {
		t.Fatal(err)
	}
	const want = `invalid: BeforeSave: there is no entity or role "survy"; did you mean "survey"?
Computed custmer.surveys: there is no entity or role "custmer"; did you mean "customer"?
Returns of custmer.surveys: there is no entity or role "surveys"; did you mean "survey"?`
	if diff := cmp.Diff(want, got.Plugins[0].LastError); diff != "" || got.Plugins[0].State != "INVALID" {
		t.Errorf("the plugin is %s (-want +got):\n%s", got.Plugins[0].State, diff)
	}
	if got, want := p.must(`{ __type(name: "Survey") { name } }`, nil), `{"__type":null}`; got != want {
		t.Errorf("its entity alone stays: %s, want %s", got, want)
	}
	p.stop()
}

func TestWhatBreaksARuleIsInOneErrorRecordOfTheLog(t *testing.T) {
	t.Parallel()
	p := spawn(t, t.TempDir(), nil, "--plugins", playing(t, "visits")).ready()
	p.pluginProcess("visits")
	tests := map[string]struct{ cause, stack string }{
		"fail":  {"disk on fire", ""},
		"panic": {"panic: no such visit", ` stack="goroutine .*judgeVisit\(.*"`},
	}
	for note, tt := range tests {
		create := `mutation ($note: String) { createVisit(data: {note: $note}) { visit { id } } }`
		got := refusal(p.ask(create, map[string]any{"note": note}, new(rawText)))
		told := regexp.MustCompile(`^INTERNAL The plugin visits made a mistake; the details are in the server's log under call (\w+)\.$`).FindStringSubmatch(got)
		if told == nil {
			t.Fatalf("%s: the user reads %s", note, got)
		}
		p.await(p.log, `call=`+told[1]+` .*\n`)
		var records []string
		for line := range strings.Lines(p.log.String()) {
			if strings.Contains(line, tt.cause) || strings.Contains(line, "judgeVisit") && tt.stack != "" {
				records = append(records, line)
			}
		}
		want := ` level=ERROR msg="plugin failed a call" plugin=visits call=` + told[1] + ` of="BeforeSave visit" error="BeforeSave visit: ` + tt.cause + `"` + tt.stack + `\n$`
		if len(records) != 1 || !regexp.MustCompile(want).MatchString(records[0]) {
			t.Errorf("%s: the log has\n%s\nwant one record with\n%s", note, strings.Join(records, ""), want)
		}
	}
	p.stop()
}

func TestARuleForTheEntityOfAnotherPluginWaitsForThatPlugin(t *testing.T) {
	t.Parallel()
	p := spawn(t, t.TempDir(), nil, "--plugins", playing(t, "audits", "visits")).ready()
	p.pluginProcess("audits")
	const want = "INVALID The visit was not saved: some fields need attention. note is what an audit is about"
	if got := refusal(p.ask(`mutation { createVisit(data: {}) { visit { id } } }`, nil, new(rawText))); got != want {
		t.Errorf("an empty visit: %s\nwant %s", got, want)
	}
	p.stop()
}

func TestAPluginNeverSeesAnAPIKey(t *testing.T) {
	t.Parallel()
	p := spawn(t, t.TempDir(), nil, "--plugins", playing(t, "mirror")).ready()
	p.pluginProcess("mirror")
	key, err := readKey(Config{Data: p.data}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for sent, want := range map[string]string{
		"Basic aGVsbG8=": `Authorization: ["Basic aGVsbG8="]`, // of the webhook's own
		"Bearer " + key:  `Authorization: []`,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/plugins/mirror/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", sent)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if string(body) != want || err != nil {
			t.Errorf("with %s the plugin sees %s, %v; want %s", sent, body, err, want)
		}
	}
	p.stop()
}
