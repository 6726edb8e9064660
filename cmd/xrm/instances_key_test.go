package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Three instances wait for an empty database, and so find no administrator at the
// same moment.
func TestOfThreeInstancesThatStartAtOnceOneWritesTheFirstKey(t *testing.T) {
	t.Parallel()
	database, uri := newDoor(t)
	var all []*process
	for range 3 {
		all = append(all, spawn(t, t.TempDir(), impatient, "--store", uri))
	}
	database.unlock()
	var key string
	for _, p := range all {
		p.ready()
		file := filepath.Join(p.data, "admin.key")
		said := after(p.out.String(), "\n  store    ")
		said = after(said, "\n")
		secret, err := os.ReadFile(file)
		switch {
		case err == nil && key == "":
			key = strings.TrimSpace(string(secret))
			if want := "  key      a new administrator's key is in " + file + "\n"; said != want {
				t.Errorf("the one that wrote the key says\n%swant\n%s", said, want)
			}
		case err == nil:
			t.Errorf("a second key is in %s", file)
		default:
			if want := "  key      there is an administrator already, and no " + file + ": another instance has written the key, or it was moved away\n"; said != want {
				t.Errorf("another one says\n%swant\n%s", said, want)
			}
		}
	}
	for _, p := range all {
		var data rawText
		err := p.askWith(key, `{ apiKeys { name roles } }`, nil, &data)
		if want := rawText(`{"apiKeys":[{"name":"administrator","roles":["admin"]}]}`); err != nil || data != want {
			t.Errorf("with the one key an instance answers %s, %v; want %s", data, err, want)
		}
		p.stop()
	}

	// What lies in a data folder and is no key of the database is told, too.
	write(t, filepath.Join(all[0].data, "admin.key"), "xrm_00\n")
	p := spawn(t, all[0].data, nil, "--store", uri).ready()
	file := filepath.Join(p.data, "admin.key")
	if want := "  key      the one in " + file + " is none of this database, which has an administrator already: the key is with another instance, or was revoked\n"; !strings.HasSuffix(p.out.String(), want) {
		t.Errorf("with another key in its folder it says\n%swant at the end\n%s", p.out, want)
	}
	p.stop()
}
