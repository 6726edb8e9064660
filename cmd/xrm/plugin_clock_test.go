package main

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
)

// clockYAML is what the timers and jobs of the clock leave behind.
const clockYAML = `entity: ring
fields:
  text: {type: text, required: true, unique: true}
`

func playClock(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{"entities/ring.yaml": {Data: []byte(clockYAML)}}
	p.Operations = []sdk.Operation{
		sdk.Mutation("wakeMe", wakeMe),
		sdk.Mutation("keepNote", keepNote),
		sdk.Query("note", note),
	}
	p.Timers = map[string]sdk.TimerFunc{"alarm": alarm}
	p.Jobs = []sdk.Job{sdk.Cron("tick", "@yearly", tick)}
}

type wakeIn struct {
	Text string `json:"text"`
}

func wakeMe(ctx context.Context, host sdk.Host, in wakeIn) (bool, error) {
	return true, host.Schedule(ctx, sdk.Timer{Name: "alarm", Key: in.Text, Payload: in})
}

func alarm(ctx context.Context, host sdk.Host, t *sdk.Timer) error {
	var in wakeIn
	if err := t.Read(&in); err != nil {
		return err
	}
	_, err := host.Upsert(ctx, &sdk.Record{Entity: "ring", Values: map[string]any{"text": in.Text}}, "text")
	return err
}

// tick says how far it is, and goes on until it is told to stop.
func tick(ctx context.Context, _ sdk.Host, run *sdk.JobRun) error {
	if err := run.Report(3, 10, "ticking"); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

type noteIn struct {
	Text      string `json:"text"`
	IfVersion int64  `json:"ifVersion"`
}

func keepNote(ctx context.Context, host sdk.Host, in noteIn) (int64, error) {
	return host.PutState(ctx, "note", in.Text, in.IfVersion, 0)
}

func note(ctx context.Context, host sdk.Host, _ struct{}) (string, error) {
	var text string
	_, err := host.State(ctx, "note", &text)
	return text, err
}

func TestATimerThatAMutationSetsFiresAndWrites(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "clock", "needs: {asPlugin: true}")
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("clock")
		p.must(`mutation { wakeMe(text: "Get up") }`, nil)
		p.becomes(`{ rings { nodes { text createdBy } } }`, nil, `{"rings":{"nodes":[{"text":"Get up","createdBy":"plugin:clock"}]}}`)
		p.stop()
	})
}

func TestAJobIsRunAndWatchedAndCanceledByAnAdministrator(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "clock", "needs: {asPlugin: true}")
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("clock")
		const jobs = `{ plugins { jobs { name outcome done total note error } } }`
		p.becomes(jobs, nil, `{"plugins":[{"jobs":[{"name":"tick","outcome":"WAITING","done":"0","total":"0","note":null,"error":null}]}]}`)
		p.must(`mutation { runPluginJob(plugin: "clock", job: "tick") }`, nil)
		p.becomes(jobs, nil, `{"plugins":[{"jobs":[{"name":"tick","outcome":"RUNNING","done":"3","total":"10","note":"ticking","error":null}]}]}`)
		p.must(`mutation { cancelPluginJob(plugin: "clock", job: "tick") }`, nil)
		p.becomes(`{ plugins { jobs { outcome done note } } }`, nil, `{"plugins":[{"jobs":[{"outcome":"CANCELED","done":"3","note":"ticking"}]}]}`)
		if got, want := refusal(p.ask(`mutation { runPluginJob(plugin: "clock", job: "tock") }`, nil, new(rawText))), "NOT_FOUND"; !strings.HasPrefix(got, want) {
			t.Errorf("a job that is not there: %s, want %s", got, want)
		}
		p.stop()
	})
}

func TestWhatAPluginKeepsIsReplacedOnlyOverTheVersionItKnows(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "clock", "needs: {asPlugin: true}")
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("clock")
		keep := func(text string, over int64) (version int64, refused string) {
			var answer struct {
				KeepNote int64 `json:",string"`
			}
			if err := p.ask(`mutation ($text: String!, $over: Long!) { keepNote(text: $text, ifVersion: $over) }`, map[string]any{"text": text, "over": over}, &answer); err != nil {
				return 0, refusal(err)
			}
			return answer.KeepNote, ""
		}
		const conflict = `CONFLICT Somebody else changed the value of the key "note" in the meantime. Read it and try again.`
		first, refused := keep("first", 0)
		if refused != "" || first == 0 {
			t.Fatalf("first: version %d, %s", first, refused)
		}
		if _, refused := keep("second", 0); refused != conflict {
			t.Errorf("second where nothing should be: %s, want %s", refused, conflict)
		}
		if second, refused := keep("second", first); refused != "" || second == first {
			t.Errorf("second over the first: version %d, %s", second, refused)
		}
		if _, refused := keep("third", first); refused != conflict {
			t.Errorf("third over the first: %s, want %s", refused, conflict)
		}
		if _, refused := keep("third", sdk.AnyVersion); refused != "" {
			t.Errorf("third over whatever there is: %s", refused)
		}
		if got, want := p.must(`{ note }`, nil), `{"note":"third"}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		p.stop()
	})
}
