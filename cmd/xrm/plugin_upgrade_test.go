package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/openxrm/xrm/sdk"
)

// playMover brings whatever its folder defines when it is started.
func playMover(p *sdk.Plugin) { p.Entities = os.DirFS("definitions") }

func TestAnUpgradeThatWouldMisreadWhatIsStoredIsRefused(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		plugins := t.TempDir()
		file := filepath.Join(plugins, "mover", "definitions", "move.yaml")
		write(t, file, "entity: move\nfields:\n  rooms: {type: integer}\n")
		cast(t, plugins, "mover", "")
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("mover")

		const typed = `{ __type(name: "Move") { fields { name type { name } } } }`
		integer := p.must(typed, nil)
		write(t, file, "entity: move\nfields:\n  rooms: {type: text}\n")
		eventually(t, func() string {
			if p.must(typed, nil) == integer {
				return "a field without values does not change its type"
			}
			return ""
		})
		p.must(`mutation { createMove(data: {rooms: "three"}) { move { id } } }`, nil)

		write(t, file, "entity: move\nfields:\n  rooms: {type: integer}\n")
		p.becomes(`{ plugins { state update } moves { nodes { rooms } } }`, nil, `{"plugins":[{"state":"SERVING","update":"1.0.0 could not take over: invalid: the definitions of the plugin mover 1.0.0 do not fit: `+
			`plugin mover/move.yaml:3: field \"rooms\" was of type text and is of type integer now, but records of move have values of it, and values are not converted; `+
			`give the new field another name and leave the old one as it was (1 record)"}],"moves":{"nodes":[{"rooms":"three"}]}}`)

		write(t, file, "entity: move\nfields:\n  rooms: {type: text}\n  state: {type: enum, options: [planned, done]}\n")
		p.becomes(`{ plugins { state update } }`, nil, `{"plugins":[{"state":"SERVING","update":null}]}`)
		p.must(`mutation { createMove(data: {state: done}) { move { id } } }`, nil)
		write(t, file, "entity: move\nfields:\n  rooms: {type: text}\n  state: {type: enum, options: [planned]}\n")
		p.becomes(`{ plugins { state update } }`, nil, `{"plugins":[{"state":"SERVING","update":"1.0.0 could not take over: invalid: the definitions of the plugin mover 1.0.0 do not fit: `+
			`plugin mover/move.yaml:4: field \"state\" has lost the option done, but records of move have it; change those first, or keep the option with deprecated: true, so that nobody chooses it anew (1 record)"}]}`)

		write(t, file, "entity: move\nfields:\n  rooms: {type: text}\n  state: {type: enum, options: [late, done]}\n")
		p.becomes(`{ plugins { state update } }`, nil, `{"plugins":[{"state":"SERVING","update":null}]}`)
		p.becomes(`{ moves { nodes { rooms state } } }`, nil, `{"moves":{"nodes":[{"rooms":"three","state":null},{"rooms":null,"state":"done"}]}}`)
		p.stop()
	})
}
