package main

import (
	"context"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
)

// playPrinter has jobs that go through states, and a mutation that begins one.
func playPrinter(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{"entities/printing.yaml": {Data: []byte(`entity: printing
fields:
  state: {type: state, options: {waiting: {next: [running]}, running: {next: [done]}, done: {}}, default: waiting}
`)}}
	p.Operations = []sdk.Operation{sdk.Mutation("beginPrinting", func(ctx context.Context, host sdk.Host, in struct {
		ID sdk.ID `json:"id"`
	}) (*sdk.Record, error) {
		return host.Transition(ctx, "printing", string(in.ID), "running", "waiting")
	}).Returns("printing")}
}

func TestOfManyWhoMakeATransitionThroughAPluginOneDoes(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "printer", "")
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("printer")
		var made struct {
			CreatePrinting struct{ Printing struct{ ID string } }
		}
		if err := p.ask(`mutation { createPrinting(data: {}) { printing { id } } }`, nil, &made); err != nil {
			t.Fatal(err)
		}
		begin := `mutation { beginPrinting(id: "` + made.CreatePrinting.Printing.ID + `") { state } }`
		var asking sync.WaitGroup
		answers := make([]string, 20)
		for i := range answers {
			asking.Go(func() { answers[i] = refusal(p.ask(begin, nil, new(rawText))) })
		}
		asking.Wait()
		begun := 0
		for _, said := range answers {
			switch said {
			case "no error":
				begun++
			case "CONFLICT The printing was not changed: its state is running, not waiting. Reload it and try again. state is another by now":
			default:
				t.Errorf("the plugin is told %s", said)
			}
		}
		if begun != 1 {
			t.Errorf("it was begun %d times: %q", begun, answers)
		}
		p.stop()
	})
}
