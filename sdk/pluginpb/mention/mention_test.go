package mention_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/openxrm/xrm/sdk/pluginpb/mention"
	"google.golang.org/protobuf/encoding/prototext"
)

func TestEveryMentionOfAnUnknownEntityIsFound(t *testing.T) {
	m, err := schema.Load(
		schema.Source{Layer: "test", File: "visit.yaml", Data: []byte("entity: visit\nfields:\n  note: {type: text}\n")},
		schema.Source{Layer: "test", File: "party.yaml", Data: []byte("entity: party\nfields:\n  name: {type: text}\n")},
		schema.Source{Layer: "test", File: "customer.yaml", Data: []byte("role: customer\nof: party\nfields:\n  segment: {type: text}\n")},
	)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ description, want string }{
		"all are known": {`
			before_save: ["visit", "customer", "party"]
			operations { name: "closeVisit" returns { entity: "visit" } }
			operations { name: "countVisits" returns { scalar: "integer" } }
			fields { entity: "customer" name: "visits" returns { list { entity: "visit" } } }
			objects { name: "receipt" members { name: "visit" type { entity: "visit" } } }`, ""},
		"none is known": {`
			before_save: ["vist", "unheardOf"]
			operations { name: "closeVisit" returns { entity: "visits" } }
			fields { entity: "custmer" name: "visits" returns { list { entity: "Visit" } } }
			objects { name: "receipt" members { name: "visit" type { entity: "visitt" } } }`,
			`BeforeSave: there is no entity or role "vist"; did you mean "visit"?
BeforeSave: there is no entity or role "unheardOf"
Returns of closeVisit: there is no entity or role "visits"; did you mean "visit"?
Computed custmer.visits: there is no entity or role "custmer"; did you mean "customer"?
Returns of custmer.visits: there is no entity or role "Visit"; did you mean "visit"?
receipt.visit: there is no entity or role "visitt"; did you mean "visit"?`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := &pluginpb.DescribeResponse{}
			if err := prototext.Unmarshal([]byte(tt.description), d); err != nil {
				t.Fatal(err)
			}
			err, got := mention.Check(m, mention.In(d)), ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("unknown entities (-want +got):\n%s", diff)
			}
			if errors.Is(err, schema.ErrNoEntity) != (tt.want != "") {
				t.Errorf("%v: is it an ErrNoEntity?", err)
			}
		})
	}
}
