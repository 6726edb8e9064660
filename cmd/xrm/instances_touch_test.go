package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// One of three instances does not reach the database, or stands still, for longer
// than the others wait for it. They go on with new rules, and it saves nothing by the
// old ones when it is back.
func TestAnInstanceThatLostTouchSavesNothingAroundTheRulesOfTheOthers(t *testing.T) {
	t.Parallel()
	const (
		nobody   = "INVALID The party was not saved: some fields need attention. displayName is forbidden"
		outdated = "UNAVAILABLE The plugin guard 2.0.0 is in force, and this server has 1.0.0. An administrator puts 2.0.0 into its plugin folder and approves it, or ends the plugin with: xrm plugin remove guard"
		lost     = "UNAVAILABLE The party was not saved: this server has lost touch with the database for a while, so others may have changed the rules. Try again in a second."
	)
	tests := map[string]struct {
		leave, comeBack func(d *door, c *process)
		away            func(t *testing.T, c *process) // what it says meanwhile; nil for nothing
	}{
		"its database is away": {
			leave:    func(d *door, _ *process) { d.shut() },
			comeBack: func(d *door, _ *process) { d.unlock() },
			away: func(t *testing.T, c *process) {
				eventually(t, func() string {
					if status, body := c.get("/readyz"); status != http.StatusServiceUnavailable {
						return "/readyz answers " + body
					}
					return ""
				})
				for _, what := range []string{"product", "party"} {
					if got := c.saves(what, "Nobody"); got != unreachable {
						t.Errorf("without its database it says of a %s: %s\nwant %s", what, got, unreachable)
					}
				}
				if got := refusal(c.ask(`{ products { totalCount } }`, nil, new(rawText))); got != unreachable {
					t.Errorf("without its database it reads %s\nwant %s", got, unreachable)
				}
			},
		},
		"it is paused": {
			leave:    func(_ *door, c *process) { c.pause() },
			comeBack: func(_ *door, c *process) { c.signal(syscall.SIGCONT) },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, through := newDoor(t)
			database.unlock()
			uri := strings.Replace(through, database.listener.Addr().String(), database.target, 1)
			folders := [3]string{t.TempDir(), t.TempDir(), t.TempDir()}
			for _, folder := range folders {
				guard(t, folder, "1.0.0")
			}
			a := spawn(t, t.TempDir(), nil, "--store", uri, "--plugins", folders[0]).ready()
			a.pluginProcess("guard")
			beside := func(uri, plugins string) *process {
				data := t.TempDir()
				write(t, filepath.Join(data, "admin.key"), read(t, filepath.Join(a.data, "admin.key")))
				p := spawn(t, data, impatient, "--store", uri, "--plugins", plugins).ready()
				p.pluginProcess("guard")
				return p
			}
			b, c := beside(uri, folders[1]), beside(through, folders[2])
			if got := c.saves("party", "Somebody"); got != "" {
				t.Fatalf("before, it says %s", got)
			}

			tt.leave(database, c)
			pending := make(chan string, 1)
			if tt.away != nil {
				tt.away(t, c)
				close(pending)
			} else {
				go func() { pending <- c.saves("party", "Nobody") }() // which it reads when it goes on
			}
			b.stop()
			guard(t, folders[1], "2.0.0")
			b = beside(uri, folders[1])
			eventually(t, func() string {
				if got := b.saves("party", "Nobody"); got != nobody {
					return "the new version: " + got
				}
				return ""
			})

			tt.comeBack(database, c)
			if said, asked := <-pending; asked && !strings.HasPrefix(said, "UNAVAILABLE ") {
				t.Errorf("what was asked meanwhile: %s", said)
			}
			eventually(t, func() string {
				got := c.saves("party", "Nobody")
				switch got {
				case outdated:
					return ""
				case lost, unreachable:
				default:
					if !strings.HasPrefix(got, "UNAVAILABLE The plugin guard ") {
						t.Fatalf("when it is back it says %q", got)
					}
				}
				return got
			})
			c.readiness(`{"status":"ready","reasons":["The plugin guard 2.0.0 is in force, and this server has 1.0.0, so what it guards is not saved here; xrm plugin list says what to do."]}`)
			if got, want := a.must(`{ parties { nodes { displayName } } }`, nil), `{"parties":{"nodes":[{"displayName":"Somebody"}]}}`; got != want {
				t.Errorf("the parties are %s, want %s", got, want)
			}

			// And it takes part again.
			guard(t, folders[2], "2.0.0")
			c.await(c.log, `msg="plugin serves" plugin=guard version=2.0.0`)
			if got := c.saves("party", "Nobody"); got != nobody {
				t.Errorf("with the new version it says %s, want %s", got, nobody)
			}
			if got := c.saves("party", "Somebody else"); got != "" {
				t.Errorf("with the new version it says %s", got)
			}
			for _, p := range []*process{a, b, c} {
				p.stop()
			}
		})
	}
}
