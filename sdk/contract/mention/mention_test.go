package mention_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/pluginpb"
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
			operations { name: "countVisits" returns { scalar: "integer" } needs: ["visit.read", "customer.update"] }
			fields { entity: "customer" name: "visits" returns { list { entity: "visit" } } }
			objects { name: "receipt" members { name: "visit" type { entity: "visit" } } }`, ""},
		"none is known": {`
			before_save: ["vist", "unheardOf"]
			operations { name: "closeVisit" returns { entity: "visits" } needs: "vist.update" }
			fields { entity: "custmer" name: "visits" returns { list { entity: "Visit" } } }
			objects { name: "receipt" members { name: "visit" type { entity: "visitt" } } }`,
			`BeforeSave: there is no entity or role "vist"; did you mean "visit"?
BeforeSave: there is no entity or role "unheardOf"
Needs of closeVisit: there is no entity or role "vist"; did you mean "visit"?
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

func TestAnActionThatRecordsDoNotHaveIsFoundInTopics(t *testing.T) {
	file := func(layer, name string) schema.Source {
		return schema.Source{Layer: layer, File: layer + name, Data: []byte("entity: " + name + "\nfields:\n  note: {type: text}\n")}
	}
	m, err := schema.Load(
		file("shipped", "order"), file("shipped", "party"),
		schema.Source{Layer: "shipped", File: "customer.yaml", Data: []byte("role: customer\nof: party\nfields:\n  segment: {type: text}\n")},
		file("plugin visits", "visit"), file("plugin complaint", "complaint"), file("plugin loyalty", "loyalty"), file("another plugin", "survey"),
	)
	if err != nil {
		t.Fatal(err)
	}
	const actions = "records are created, updated, deleted, restored, merged or erased, and * is all of it"
	tests := map[string]struct {
		topics []string
		want   string
		unmet  string
	}{
		"all are there": {[]string{"order.created", "order.*", "customer.updated", "party.merged", "party.erased", "visit.deleted", "order.restored"}, "", ""},
		"with a wrong letter": {
			[]string{"order.creatd", "customer.update", "visit.remvoed", "order.Created"},
			`topic "order.creatd": nothing of that kind happens to records of order; did you mean "order.created"? ` + actions + `
topic "customer.update": nothing of that kind happens to records of customer; did you mean "customer.updated"? ` + actions + `
topic "order.Created": nothing of that kind happens to records of order; did you mean "order.created"? ` + actions,
			`topic "visit.remvoed": nothing of that kind happens to records of visit; ` + actions,
		},
		"of an entity that is not there":             {[]string{"ordr.created", "loyalti.*"}, "", `topic "ordr.created": there is no entity or role "ordr"; did you mean "order"?`},
		"of nobody that is known":                    {[]string{"erp.creatd", "visits.due"}, "", ""},
		"of a plugin that is called like its entity": {[]string{"complaint.escalated", "complaint.creatd"}, "", ""},
		"of a plugin whose name is not known":        {[]string{"survey.creatd"}, "", ""},
		"published by the plugin itself":             {[]string{"loyalty.rewarded", "loyalty.rated"}, "", ""},
		"of its own entity, with one letter that is wrong": {
			[]string{"loyalty.creatd"},
			`topic "loyalty.creatd": nothing of that kind happens to records of loyalty; did you mean "loyalty.created"? ` + actions, "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for want, err := range map[*string]error{&tt.want: mention.CheckTopics(m, "loyalty", tt.topics), &tt.unmet: mention.UnmetTopics(m, "loyalty", tt.topics)} {
				got := ""
				if err != nil {
					got = err.Error()
				}
				if diff := cmp.Diff(*want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}
