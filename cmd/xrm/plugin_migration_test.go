package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk"
)

// migrationsOfMover are those that its folder asks for: "2", "2 one way",
// "2 stops", or "2 product".
func migrationsOfMover() []sdk.Migration {
	text, err := os.ReadFile("migrates")
	if err != nil {
		return nil
	}
	if strings.TrimSpace(string(text)) == "" {
		return nil
	}
	m := sdk.Migration{To: 2, Entity: "move", Up: roomsToNumber, Down: roomsToText}
	if strings.Contains(string(text), "one way") {
		m.Down = nil
	}
	if strings.Contains(string(text), "product") {
		m.Entity = "product"
	}
	if strings.Contains(string(text), "stops") {
		m.Up = stopsInTheMiddle(m.Up)
	}
	return []sdk.Migration{m}
}

func roomsToNumber(_ context.Context, r *sdk.Record) error {
	text, ok := r.Values["rooms"].(string)
	if !ok {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("rooms: %q is no number", roomsAsText)
	}
	r.Values["rooms"] = n
	return nil
}

func roomsToText(_ context.Context, r *sdk.Record) error {
	if n, ok := r.Values["rooms"].(int64); ok {
		r.Values["rooms"] = strconv.FormatInt(n, 10)
	}
	return nil
}

const (
	roomsAsText   = "entity: move\nfields:\n  rooms: {type: text, index: true}\n"
	roomsAsNumber = "entity: move\nfields:\n  rooms: {type: integer, index: true}\n"
)

// putMover puts a version of it into a folder of plugins, all at once.
func putMover(t *testing.T, plugins, migrates, definition string) {
	t.Helper()
	fresh := t.TempDir()
	folder, next := filepath.Join(plugins, "mover"), filepath.Join(fresh, "mover")
	write(t, filepath.Join(next, "definitions", "move.yaml"), definition)
	cast(t, fresh, "mover", "")
	if migrates != "" {
		write(t, filepath.Join(next, "migrates"), migrates)
	}
	if err := os.Rename(folder, filepath.Join(fresh, "old")); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := os.Rename(next, folder); err != nil {
		t.Fatal(err)
	}
}

func TestAnUpgradeCanBeTriedWithoutAnyChange(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		plugins := t.TempDir()
		folder := filepath.Join(plugins, "mover")
		definition := func(rooms string) {
			write(t, filepath.Join(folder, "definitions", "move.yaml"), "entity: move\nfields:\n  rooms: {type: "+rooms+"}\n")
		}
		definition("text")
		cast(t, plugins, "mover", "")
		approve := func(flags ...string) string {
			t.Helper()
			status, out, failed := command(t, nil, append([]string{"plugin", "approve", "mover", "--yes", "--plugins", plugins}, flags...)...)
			if status != 0 {
				t.Fatal(failed)
			}
			return out
		}
		approve()
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins, "--trust", "approved")...).ready()
		p.pluginProcess("mover")
		for _, rooms := range []string{"3", "12"} {
			p.must(`mutation ($r: String) { createMove(data: {rooms: $r}) { move { id } } }`, map[string]any{"r": rooms})
		}
		write(t, filepath.Join(folder, "migrates"), "2")
		definition("integer")
		if out := approve("--try"); !strings.Contains(out, "mover is tried, and the version before goes on; xrm plugin list says what would become of its records.") {
			t.Errorf("it prints %s", out)
		}
		p.becomes(`{ plugins { state update } }`, nil,
			`{"plugins":[{"state":"SERVING","update":"1.0.0 was only tried, and nothing was changed: from version 1 to 2 of its data it would change 2 of 2 records of move. Have it done with: xrm plugin approve mover"}]}`)
		p.becomes(`{ moves(orderBy: [{createdAt: ASC}]) { nodes { rooms version } } }`, nil, `{"moves":{"nodes":[{"rooms":"3","version":1},{"rooms":"12","version":1}]}}`)
		approve()
		eventually(t, func() string {
			var data rawText
			_ = p.ask(`{ moves(orderBy: [{createdAt: ASC}]) { nodes { rooms version } } }`, nil, &data) // not while they are written
			if want := `{"moves":{"nodes":[{"rooms":"3","version":2},{"rooms":"12","version":2}]}}`; string(data) != want {
				return "the records are " + string(data)
			}
			return ""
		})
	})
}

func TestAnUpgradeMigratesRecordsOrChangesNothingAndGoesBack(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		plugins, data := t.TempDir(), t.TempDir()
		folder := filepath.Join(plugins, "mover")
		file := filepath.Join(folder, "definitions", "move.yaml")
		write(t, file, roomsAsText)
		cast(t, plugins, "mover", "")
		serve := func() *process {
			p := spawn(t, data, nil, append(flags, "--plugins", plugins)...).ready()
			p.pluginProcess("mover")
			return p
		}
		p := serve()
		for _, rooms := range []string{"3", "12", "three"} {
			p.must(`mutation ($r: String) { createMove(data: {rooms: $r}) { move { id } } }`, map[string]any{"r": rooms})
		}
		const moves = `{ moves(orderBy: [{rooms: ASC}]) { nodes { rooms } } }`
		const before = `{"moves":{"nodes":[{"rooms":"12"},{"rooms":"3"},{"rooms":"three"}]}}`
		becomes := func(want string) { // in between they cannot be read
			eventually(t, func() string {
				var data rawText
				if err := p.ask(moves, nil, &data); err != nil && !strings.Contains(err.Error(), "Try again") {
					t.Fatal(err)
				}
				if string(data) != want {
					return fmt.Sprintf("there are %s, want %s", data, want)
				}
				return ""
			})
		}
		refused := func(all ...string) {
			eventually(t, func() string {
				got := p.must(`{ plugins { state update } }`, nil)
				for _, want := range append(all, "SERVING") {
					if !strings.Contains(got, want) {
						return "the plugin says " + got
					}
				}
				return ""
			})
		}
		becomes(before)

		putMover(t, plugins, "2 product", roomsAsNumber)
		refused("it migrates the records of product, which is no entity of its own")

		putMover(t, plugins, "2", roomsAsNumber)
		refused("records that cannot be brought from version 1 to 2 of its data: 1. Nothing was changed; mend them and approve it again. move ", `is no number`)
		becomes(before)
		var found struct {
			Moves struct{ Nodes []struct{ ID string } }
		}
		if err := p.ask(`{ moves(filter: {rooms: {eq: "three"}}) { nodes { id } } }`, nil, &found); err != nil {
			t.Fatal(err)
		}
		id := map[string]any{"id": found.Moves.Nodes[0].ID}
		p.must(`mutation ($id: ID!) { updateMove(id: $id, data: {rooms: "4"}) { move { id } } }`, id)

		putMover(t, plugins, "2 ", roomsAsNumber)
		const after = `{"moves":{"nodes":[{"rooms":"3"},{"rooms":"4"},{"rooms":"12"}]}}`
		becomes(after)
		p.becomes(`{ plugins { state update } }`, nil, `{"plugins":[{"state":"SERVING","update":null}]}`)
		p.becomes(`{ moves(filter: {rooms: {gt: 3}}, orderBy: [{rooms: DESC}]) { nodes { rooms version } } }`, nil, `{"moves":{"nodes":[{"rooms":"12","version":2},{"rooms":"4","version":3}]}}`)
		p.kill()
		p = serve()
		becomes(after)

		putMover(t, plugins, "", roomsAsText)
		const back = `{"moves":{"nodes":[{"rooms":"12"},{"rooms":"3"},{"rooms":"4"}]}}`
		becomes(back)
		p.must(`mutation ($id: ID!) { updateMove(id: $id, data: {rooms: "5"}) { move { id } } }`, id)

		putMover(t, plugins, "2 one way", roomsAsNumber)
		becomes(strings.Replace(after, `"4"`, `"5"`, 1))
		putMover(t, plugins, " ", roomsAsText)
		refused(`1.0.0 has brought its records of move to version 2 of its data, and has no way back to version 1; go on with 1.0.0, or restore a backup from before`)
		becomes(strings.Replace(after, `"4"`, `"5"`, 1))
		p.stop()
	})
}
