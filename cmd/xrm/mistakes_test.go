package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatAnOperatorMustMendKeepsTheServerFromStarting(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	const brokenEntity = `entity: machine
labels: {en: {one: Machine, many: Machines}}
fields:
  name: {type: text, reqired: true}
  owner: {type: reference, to: custmer}
  serial: {type: strng}
`
	const brokenRole = `role: sales
customer:
  read: {contry: {eq: DE}}
  creat: true
custmer:
  read: true
`
	tests := map[string]struct {
		files   map[string]string // below the folder that DIR stands for
		environ []string
		flags   []string
		want    string
	}{
		"a port in use": {
			flags: []string{"--listen", busy.Addr().String()},
			want:  "another program listens on " + busy.Addr().String() + " already; stop it, or choose another address with --listen (XRM_LISTEN)",
		},
		"an address that is none": {
			flags: []string{"--listen", "8080"},
			want:  `listen (XRM_LISTEN) must be an address with a port such as 127.0.0.1:8080, not "8080"`,
		},
		"a file where the data folder should be": {
			files: map[string]string{"data": "not a folder"},
			flags: []string{"--data", "DIR/data"},
			want:  "the data folder DIR/data cannot be made: mkdir DIR/data: not a directory; name another with --data (XRM_DATA)",
		},
		"a data folder where no file can be made": {
			files: map[string]string{"data/xrm.db/in-the-way": ""},
			flags: []string{"--data", "DIR/data"},
			want:  "open the database DIR/data/xrm.db: unable to open database file (14); check that its directory exists and that xrm may write to it",
		},
		"unknown keys in the file": {
			files: map[string]string{"xrm.yaml": "stroe: sqlite\nlimits:\n  deepth: 3\n"},
			flags: []string{"--config", "DIR/xrm.yaml"},
			want: `DIR/xrm.yaml:1: unknown key "stroe"; did you mean "store"?
DIR/xrm.yaml:3: unknown key "deepth"; did you mean "depth"?`,
		},
		"an unknown variable": {
			environ: []string{"XRM_DTAA=here"},
			want:    `the environment sets XRM_DTAA, which is no setting; did you mean "XRM_DATA"?`,
		},
		"a broken entity": {
			files: map[string]string{"entities/machine.yaml": brokenEntity},
			flags: []string{"--entities", "DIR/entities"},
			want: `DIR/entities/machine.yaml:4: unknown key "reqired"; did you mean "required"?
DIR/entities/machine.yaml:5: field "owner": to: there is no entity or role "custmer"; did you mean "customer"?
DIR/entities/machine.yaml:6: field "serial": unknown type "strng"; did you mean "text"?`,
		},
		"entities with names of the API": {
			files: map[string]string{"entities/money.yaml": "entity: money\nfields:\n  name: {type: text}\n", "entities/more/party.yaml": "extend: party\nfields:\n  address: {type: object, fields: {street: {type: text}}}\n"},
			flags: []string{"--entities", "DIR/entities"},
			want: `DIR/entities/money.yaml:1: the entity money cannot have the type Money: it is the program's own; choose another name
DIR/entities/more/party.yaml:3: the field party.address cannot have the type PartyAddress: it is that of the field party.addresses; choose another name`,
		},
		"a broken role": {
			files: map[string]string{"roles/sales.yaml": brokenRole},
			flags: []string{"--roles", "DIR/roles"},
			want: `DIR/roles/sales.yaml:3: customer.read.contry is no field; did you mean "country"?
DIR/roles/sales.yaml:4: unknown key "creat"; did you mean "create"?
DIR/roles/sales.yaml:5: there is no entity or role "custmer"; did you mean "customer"?`,
		},
		"no folder of entities": {
			flags: []string{"--entities", "DIR/nowhere"},
			want:  "there is no folder DIR/nowhere; name the one with the entity definitions by --entities (XRM_ENTITIES)",
		},
		"no folder of roles": {
			flags: []string{"--roles", "DIR/nowhere"},
			want:  "there is no folder DIR/nowhere; name the one with the roles by --roles (XRM_ROLES)",
		},
		"a MongoDB address that makes no sense": {
			flags: []string{"--store", "mongodb://user:p@ss:word@/"},
			want:  "the address of the MongoDB makes no sense: write it as mongodb://host:27017/database, with special characters in the password percent-encoded",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range tt.files {
				write(t, filepath.Join(dir, file), content)
			}
			args := []string{"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "fresh"), "--plugins", t.TempDir()}
			for _, flag := range tt.flags {
				args = append(args, strings.ReplaceAll(flag, "DIR", dir))
			}
			status, out, complaints := command(t, tt.environ, args...)
			if want := strings.ReplaceAll(tt.want, "DIR", dir) + "\n"; status != 1 || out != "" || complaints != want {
				t.Errorf("status %d, printed %q\ngot  %s\nwant %s", status, out, complaints, want)
			}
			if _, err := os.Stat(filepath.Join(dir, "fresh", "admin.key")); err == nil {
				t.Error("there is an administrator's key of a server that did not start")
			}
		})
	}
}
