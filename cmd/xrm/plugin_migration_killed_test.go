package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/openxrm/xrm/sdk"
)

// moversRecords are more than one page of a run that migrates.
const moversRecords = 150

// stopsInTheMiddle never ends with a record of the second page, when this process is
// asked for the second time: the first time nothing is written yet.
func stopsInTheMiddle(up sdk.MigrateFunc) sdk.MigrateFunc {
	var asked atomic.Int64
	return func(ctx context.Context, r *sdk.Record) error {
		if asked.Add(1) == moversRecords+110 {
			<-ctx.Done()
		}
		return up(ctx, r)
	}
}

// stuckInTheMiddle is the process that migrates, and has written a page of the records.
func stuckInTheMiddle(t *testing.T, all ...*process) (migrates *process) {
	t.Helper()
	eventually(t, func() string {
		for _, p := range all {
			if got := p.must(`{ plugins { update } }`, nil); strings.Contains(got, fmt.Sprintf("version 2 of its data: 100 of %d records brought", moversRecords)) {
				migrates = p
				return ""
			}
		}
		return "nobody has brought a page of the records"
	})
	return migrates
}

// hasMoved waits until every record has the new form, by one write each.
func (p *process) hasMoved() {
	p.t.Helper()
	eventually(p.t, func() string {
		var all struct {
			Moves struct {
				Nodes []struct {
					Rooms   json.Number
					Version int
				}
			}
		}
		err := p.ask(fmt.Sprintf(`{ moves(first: %d) { nodes { rooms version } } }`, moversRecords+1), nil, &all)
		if err != nil {
			if !strings.HasPrefix(refusal(err), "UNAVAILABLE") {
				p.t.Fatal(err)
			}
			return err.Error()
		}
		if len(all.Moves.Nodes) != moversRecords {
			p.t.Fatalf("there are %d records, want %d", len(all.Moves.Nodes), moversRecords)
		}
		for _, one := range all.Moves.Nodes {
			if one.Version != 2 {
				p.t.Fatalf("a record has version %d, want one write each", one.Version)
			}
		}
		return ""
	})
}

func (p *process) makeMoves() {
	p.t.Helper()
	data := make([]map[string]any, moversRecords)
	for i := range data {
		data[i] = map[string]any{"rooms": fmt.Sprint(i)}
	}
	p.must(`mutation ($data: [MoveInput!]!) { createMoves(data: $data) { outcome } }`, map[string]any{"data": data})
}

func TestAServerThatIsKilledWhileItMigratesGoesOnAtItsStart(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		plugins, data := t.TempDir(), t.TempDir()
		putMover(t, plugins, "", roomsAsText)
		flags = append(flags, "--plugins", plugins)
		p := spawn(t, data, nil, flags...).ready()
		p.pluginProcess("mover")
		p.makeMoves()
		putMover(t, plugins, "2 stops", roomsAsNumber)
		stuckInTheMiddle(t, p)
		const moving = "UNAVAILABLE The moves are being brought to version 2 of the data of the plugin mover. Try again in a moment; xrm plugin list says how far that is."
		for _, query := range []string{`{ moves { nodes { id } } }`, `mutation { createMove(data: {}) { move { id } } }`} {
			if err := p.ask(query, nil, new(rawText)); err == nil || refusal(err) != moving {
				t.Errorf("%s answers %v, want %s", query, err, moving)
			}
		}
		p.kill()
		spawn(t, data, nil, flags...).ready().hasMoved()
	})
}

func TestAnotherInstanceGoesOnWithAMigrationWhoseServerWasKilled(t *testing.T) {
	t.Parallel()
	uri, plugins := mongoDatabase(t), t.TempDir()
	putMover(t, plugins, "", roomsAsText)
	start := func(data string) *process {
		p := spawn(t, data, nil, "--store", uri, "--plugins", plugins).ready()
		p.pluginProcess("mover")
		return p
	}
	a := start(t.TempDir())
	data := t.TempDir()
	write(t, filepath.Join(data, "admin.key"), read(t, filepath.Join(a.data, "admin.key")))
	b := start(data)
	a.makeMoves()
	putMover(t, plugins, "2 stops", roomsAsNumber)
	killed, left := stuckInTheMiddle(t, a, b), a
	if left == killed {
		left = b
	}
	if err := left.ask(`{ moves { nodes { id } } }`, nil, new(rawText)); err == nil || !strings.HasPrefix(refusal(err), "UNAVAILABLE") {
		t.Errorf("the other instance answers %v, want that it keeps everybody away", err)
	}
	killed.kill()
	left.hasMoved()
}
