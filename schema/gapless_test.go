package schema_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

func TestASequenceWhoseRecordsCouldGoAwayIsRefused(t *testing.T) {
	t.Parallel()
	_, err := schema.Load(schema.Source{File: "a.yaml", Data: []byte(`entity: folder
fields:
  number: {type: autonumber, format: "{0}", gapless: true}
  title: {type: text, gapless: true}
`)}, schema.Source{File: "b.yaml", Data: []byte(`entity: sheet
fields:
  folder: {type: reference, to: folder, onDelete: cascade}
  number: {type: autonumber, format: "{0}", unique: true, gapless: true}
`)}, schema.Source{File: "c.yaml", Data: []byte(`entity: body
fields:
  number: {type: autonumber, format: "{0}", unique: true, gapless: true}
`)}, schema.Source{File: "d.yaml", Data: []byte(`role: member
of: body
fields:
  code: {type: autonumber, format: "{0}", unique: true, gapless: true}
`)})
	want := []string{
		`a.yaml:3: field "number": gapless needs unique: true beside it`,
		`a.yaml:4: field "title": type text has no option "gapless"; it belongs to autonumber`,
		`b.yaml:4: field "number": gapless cannot stand beside a reference with onDelete: cascade, since no such record is deleted`,
		`c.yaml:3: field "number": gapless is for entities without roles: a role can be withdrawn, and a record merged`,
		`d.yaml:4: field "code": gapless is for entities without roles: a role can be withdrawn, and a record merged`,
	}
	if err == nil {
		t.Fatal("they are taken")
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
