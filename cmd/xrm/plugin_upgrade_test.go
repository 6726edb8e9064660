package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk"
)

// playMover brings whatever its folder defines when it is started.
func playMover(p *sdk.Plugin) {
	p.Entities, p.Migrations = os.DirFS("definitions"), migrationsOfMover()
}

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

func TestAnUpgradeThatBringsBackWhatIsStoredAsSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		plugins, data := t.TempDir(), t.TempDir()
		folder := filepath.Join(plugins, "mover", "definitions")
		upgrade := func(p *process, fields, others string) {
			write(t, filepath.Join(folder, "move.yaml"), "entity: move\nfields:\n  street: {type: text}\n"+fields)
			write(t, filepath.Join(folder, "van.yaml"), others)
			p.becomes(`{ plugins { state update } }`, nil, `{"plugins":[{"state":"SERVING","update":null}]}`)
		}
		const van, other = "entity: van\nfields:\n  seats: {type: integer}\n", "entity: cart\nfields:\n  name: {type: text}\n"
		write(t, filepath.Join(folder, "move.yaml"), "entity: move\nfields:\n  street: {type: text}\n  rooms: {type: integer}\n")
		write(t, filepath.Join(folder, "van.yaml"), van)
		cast(t, plugins, "mover", "")
		serve := func() *process {
			p := spawn(t, data, nil, append(flags, "--plugins", plugins)...).ready()
			p.pluginProcess("mover")
			return p
		}
		p := serve()
		p.must(`mutation { createMove(data: {street: "High Street", rooms: "3"}) { move { id } } createVan(data: {seats: "2"}) { van { id } } }`, nil)
		upgrade(p, "", other)
		p.becomes(`{ __type(name: "Move") { name } gone: __type(name: "Van") { name } cart: __type(name: "Cart") { name } }`, nil, `{"__type":{"name":"Move"},"gone":null,"cart":{"name":"Cart"}}`)
		p.stop()
		p = serve() // what is gone is known to the database
		write(t, filepath.Join(folder, "move.yaml"), "entity: move\nfields:\n  street: {type: text}\n  rooms: {type: text}\n")
		const was = ` was of type integer when it was last there and is of type text now, but records of %s have values of it, and values are not converted; put it back as it was, or give the new field another name (1 record)`
		refused := func(file, field, entity string) string {
			return `{"plugins":[{"state":"SERVING","update":"1.0.0 could not take over: invalid: the definitions of the plugin mover 1.0.0 do not fit: plugin mover/` + file + `: field \"` + field + `\"` + strings.ReplaceAll(was, "%s", entity) + `"}]}`
		}
		p.becomes(`{ plugins { state update } }`, nil, refused("move.yaml:4", "rooms", "move"))
		upgrade(p, "", other)
		write(t, filepath.Join(folder, "van.yaml"), "entity: van\nfields:\n  seats: {type: text}\n")
		p.becomes(`{ plugins { state update } }`, nil, refused("van.yaml:3", "seats", "van"))
		upgrade(p, "  rooms: {type: integer}\n", van)
		p.becomes(`{ moves { nodes { street rooms } } vans { nodes { seats } } }`, nil, `{"moves":{"nodes":[{"street":"High Street","rooms":"3"}]},"vans":{"nodes":[{"seats":"2"}]}}`)
		p.stop()
	})
}
