package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// A refused definition is kept nowhere; its file is what all that is in its way is
// found by.
func TestCheckListsAllThatIsInTheWayOfDefinitionsThatDoNotServe(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		const pairs = 30 // more than a log lists
		const plain = "entity: thing\nfields:\n  code: {type: text}\n  size: {type: text}\n"
		data, folder := t.TempDir(), siteFolder(t, map[string]string{"thing.yaml": plain})
		p := spawn(t, data, nil, append(flags, "--entities", folder)...).ready()
		defer p.stop()
		var things []any
		for i := range pairs {
			for range 2 {
				things = append(things, map[string]any{"code": fmt.Sprintf("c%02d", i)})
			}
		}
		things = append(things, map[string]any{"code": "alone", "size": "many"})
		p.must(`mutation($data: [ThingInput!]!) { createThings(data: $data) { outcome } }`, map[string]any{"data": things})
		check := func(more ...string) (status int, out, complaints string) {
			t.Helper()
			return command(t, nil, append(append([]string{"check", "--data", data}, flags...), more...)...)
		}
		if status, out, complaints := check("--model", folder); status != 0 || !strings.HasPrefix(out, "61 records checked: every reference") {
			t.Errorf("the definitions that serve: status %d: %s%s", status, out, complaints)
		}

		changed := strings.NewReplacer("code: {type: text}", "code: {type: text, unique: true}", "size: {type: text}", "size: {type: integer}").Replace(plain)
		next := siteFolder(t, map[string]string{"thing.yaml": changed, "new.yaml": "entity: newcomer\nfields:\n  thing: {type: reference, to: thing}\n"})
		status, out, complaints := check("--model", next, "--json")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		for i := range pairs {
			if n := strings.Count(out, fmt.Sprintf(`"path":"code","value":"c%02d","message":"code is c%02d, as in another living record: `, i, i)); n != 2 {
				t.Errorf("c%02d is listed %d times, want for both records", i, n)
			}
		}
		const last = `{"checked":61,"found":{"MISFIT":1,"SHARED":60}}`
		if status != 2 || len(lines) != 62 || lines[61] != last || !strings.Contains(out, `"message":"size holds the text many, but must be a whole number; `) {
			t.Errorf("status %d, %d lines: %s%s", status, len(lines), lines[len(lines)-1], complaints)
		}

		for name, tt := range map[string]struct {
			args []string
			want string
		}{
			"a folder that is not there": {[]string{"--model", filepath.Join(next, "no")}, "there is no folder " + filepath.Join(next, "no") + "; name the folder with the entity definitions"},
			"a plugin without a folder":  {[]string{"--plugin", "mover"}, "--plugin says whose definitions --model has; name their folder with --model"},
			"a plugin that has it, too":  {[]string{"--model", next, "--plugin", "mover"}, `plugin mover/thing.yaml:1: "thing" is already defined in `},
		} {
			if status, _, complaints := check(tt.args...); status != 1 || !strings.Contains(complaints, tt.want) {
				t.Errorf("%s: status %d: %s\nwant %s", name, status, complaints, tt.want)
			}
		}
	})
}

func TestProposedDefinitionsOfAPluginTakeThePlaceOfItsOwn(t *testing.T) {
	t.Parallel()
	served := append(entities.Sources(),
		schema.Source{Layer: "site", File: "thing.yaml", Data: []byte("entity: thing\nfields: {name: {type: text}}\n")},
		schema.Source{Layer: "plugin mover", File: "plugin mover/move.yaml", Data: []byte("entity: move\nfields: {code: {type: text}}\n")},
		schema.Source{Layer: "plugin other", File: "plugin other/other.yaml", Data: []byte("entity: other\nfields: {move: {type: reference, to: move}}\n")})
	d := proposed{folder: siteFolder(t, map[string]string{"move.yaml": "entity: move\nfields: {code: {type: text, unique: true}}\n"}), plugin: "mover"}
	m, err := d.model(served)
	if err != nil {
		t.Fatal(err)
	}
	move := m.Entity("move")
	if !move.Field("code").Unique || move.File != "plugin mover/move.yaml" || m.Entity("thing") == nil || m.Entity("other") == nil || m.Entity("party") == nil {
		t.Errorf("of %s the code is unique: %v; want it as in the folder, and all others as they serve", move.File, move.Field("code").Unique)
	}
}

func TestProposedDefinitionsMayBeAboutMailsWhereTheSiteSendsSome(t *testing.T) {
	t.Parallel()
	d := proposed{folder: siteFolder(t, map[string]string{"mail.yaml": "extend: mail\nfields: {campaign: {type: text}}\n"})}
	served := entities.All()
	if _, err := d.model(served); err == nil || !strings.Contains(err.Error(), `mail.yaml:1: extend: there is no entity or role "mail"`) {
		t.Errorf("a site without a mail server: %v", err)
	}
	d.config.Mail.Server = "mail.example.com:587"
	m, err := d.model(served)
	if err != nil {
		t.Fatal(err)
	}
	if m.Entity("mail").Field("campaign") == nil || m.Entity("suppression") == nil {
		t.Error("the model lacks what the site says of mails, or what the program brings")
	}
}
