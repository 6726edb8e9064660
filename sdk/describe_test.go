package sdk_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

type line struct {
	Product  sdk.ID      `json:"product" doc:"What is returned."`
	Quantity sdk.Decimal `json:"quantity"`
	Reason   *string     `json:"reason"`
	note     string      //nolint:unused // not exported, so not part of the API
}

type request struct {
	Order  sdk.ID     `json:"order"`
	Lines  []line     `json:"lines"`
	Pickup *sdk.Date  `json:"pickup" doc:"When we come."`
	Urgent bool       `json:"urgent"`
	Before *time.Time `json:"before"`
	Hidden string     `json:"-"`
}

type receipt struct {
	Number string      `json:"number"`
	Count  int64       `json:"count"`
	Order  *sdk.Record `json:"order" entity:"order"`
}

func describe(t *testing.T, p sdk.Plugin) *pluginpb.DescribeResponse {
	t.Helper()
	transport, err := sdk.NewTransport(p, func() {})
	if err != nil {
		t.Fatal(err)
	}
	return transport.Description()
}

func TestGoTypesBecomeTypesOfTheAPI(t *testing.T) {
	d := describe(t, sdk.Plugin{
		Name: "returns", Version: "1.0.0",
		Entities: fstest.MapFS{"entities/rma.yaml": {Data: []byte("entity: rma\n")}},
		Operations: []sdk.Operation{
			sdk.Mutation("requestReturn", func(context.Context, sdk.Host, request) (receipt, error) { return receipt{}, nil }).Doc("Asks for a return."),
			sdk.Query("countReturns", func(context.Context, sdk.Host, struct{}) (int, error) { return 0, nil }),
		},
		Fields: []sdk.Field{
			sdk.Computed("order", "returns", func(context.Context, sdk.Host, []*sdk.Record) ([][]*sdk.Record, error) { return nil, nil }).Returns("rma"),
		},
	})
	want := &pluginpb.DescribeResponse{}
	if err := prototext.Unmarshal([]byte(`
		name: "returns" version: "1.0.0" sdk: "go 0.2.0"
		entities { path: "entities/rma.yaml" yaml: "entity: rma\n" }
		operations {
			name: "requestReturn" kind: MUTATION doc: "Asks for a return."
			arguments { name: "order" type { scalar: "id" required: true } }
			arguments { name: "lines" type { list { object: "lineInput" required: true } } }
			arguments { name: "pickup" doc: "When we come." type { scalar: "date" } }
			arguments { name: "urgent" type { scalar: "boolean" required: true } }
			arguments { name: "before" type { scalar: "datetime" } }
			returns { object: "receipt" required: true }
		}
		operations { name: "countReturns" kind: QUERY returns { scalar: "integer" required: true } }
		fields { entity: "order" name: "returns" returns { list { entity: "rma" required: true } } }
		objects {
			name: "lineInput" input: true
			members { name: "product" doc: "What is returned." type { scalar: "id" required: true } }
			members { name: "quantity" type { scalar: "decimal" required: true } }
			members { name: "reason" type { scalar: "text" } }
		}
		objects {
			name: "receipt"
			members { name: "number" type { scalar: "text" required: true } }
			members { name: "count" type { scalar: "integer" required: true } }
			members { name: "order" type { entity: "order" required: true } }
		}`), want); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(want, d) {
		t.Errorf("description (-want +got):\n%s", cmp.Diff(prototext.Format(want), prototext.Format(d)))
	}
}

func TestWhatIsSetIsOffered(t *testing.T) {
	type escalation struct {
		To []string `json:"to" doc:"Who is told."`
	}
	type settings struct {
		SLA        sdk.Duration `json:"sla" default:"48h" doc:"Time until a complaint is overdue."`
		Tone       string       `json:"tone" enum:"kind,strict" default:"kind"`
		Most       int          `json:"most" default:"5"`
		Rate       *sdk.Decimal `json:"rate"`
		Region     string       `json:"region"`
		Escalation escalation   `json:"escalation"`
	}
	d := describe(t, sdk.Plugin{
		Name: "service", Version: "1.0.0",
		BeforeDelete: map[string]sdk.DeleteFunc{"ticket": func(context.Context, sdk.Host, *sdk.Record) error { return nil }},
		Events:       []sdk.Subscription{sdk.On("order.*", func(context.Context, sdk.Host, *sdk.Event) error { return nil })},
		Jobs:         []sdk.Job{sdk.Cron("escalate", "@hourly", func(context.Context, sdk.Host, *sdk.JobRun) error { return nil }).In("Europe/Berlin").Doc("Tells who is late.")},
		Timers:       map[string]sdk.TimerFunc{"overdue": func(context.Context, sdk.Host, *sdk.Timer) error { return nil }},
		Endpoints: []sdk.Endpoint{
			sdk.HTTP("POST /erp", func(sdk.Host, http.ResponseWriter, *http.Request) {}).Doc("Orders from the ERP."),
			sdk.HTTP("/hooks/", func(sdk.Host, http.ResponseWriter, *http.Request) {}),
		},
		Config: &sdk.Config[settings]{},
	})
	const wantSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": {
    "escalation": {
      "type": "object",
      "properties": {
        "to": {
          "type": "array",
          "description": "Who is told.",
          "items": {
            "type": "string"
          }
        }
      },
      "required": [
        "to"
      ],
      "additionalProperties": false
    },
    "most": {
      "type": "integer",
      "default": 5
    },
    "rate": {
      "type": "string",
      "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
      "examples": [
        "12.50"
      ]
    },
    "region": {
      "type": "string"
    },
    "sla": {
      "type": "string",
      "description": "Time until a complaint is overdue.",
      "default": "48h",
      "pattern": "^([0-9]+d|([0-9]+d)?([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h))+)$",
      "examples": [
        "48h",
        "1h30m",
        "14d"
      ]
    },
    "tone": {
      "type": "string",
      "default": "kind",
      "enum": [
        "kind",
        "strict"
      ]
    }
  },
  "required": [
    "region"
  ],
  "additionalProperties": false
}`
	if diff := cmp.Diff(wantSchema, string(d.GetConfigSchema())); diff != "" {
		t.Errorf("schema of the configuration (-want +got):\n%s", diff)
	}
	d.ConfigSchema = nil
	want := &pluginpb.DescribeResponse{}
	if err := prototext.Unmarshal([]byte(`
		name: "service" version: "1.0.0" sdk: "go 0.2.0"
		before_delete: "ticket"
		subscriptions: "order.*"
		jobs { name: "escalate" schedule: "@hourly" time_zone: "Europe/Berlin" doc: "Tells who is late." }
		endpoints { method: "POST" path: "/erp" doc: "Orders from the ERP." }
		endpoints { path: "/hooks/" }
		timers: "overdue"
		features: "config" features: "deletes" features: "events" features: "http" features: "jobs" features: "timers"`), want); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(want, d) {
		t.Errorf("description (-want +got):\n%s", cmp.Diff(prototext.Format(want), prototext.Format(d)))
	}
}

func TestMistakesInTheLiteralAreToldAllAtOnce(t *testing.T) {
	type weight struct {
		Grams float64 `json:"grams"`
	}
	type untagged struct{ Name string }
	type tree struct {
		Children []tree `json:"children"`
	}
	op := func(name string) sdk.Operation {
		return sdk.Query(name, func(context.Context, sdk.Host, struct{}) (string, error) { return "", nil })
	}
	type strange struct {
		Rate  float64
		Limit int            `json:"limit" default:"many"`
		Ratio float64        `json:"ratio"`
		Map   map[string]int `json:"map"`
	}
	ignore := func(context.Context, sdk.Host, *sdk.Event) error { return nil }
	idle := func(context.Context, sdk.Host, *sdk.JobRun) error { return nil }
	_, err := sdk.NewTransport(sdk.Plugin{
		Name:       "My Plugin",
		Entities:   fstest.MapFS{"readme.txt": {}},
		BeforeSave: map[string]sdk.SaveFunc{"ticket": nil},
		Events: []sdk.Subscription{
			sdk.On("orders", ignore), sdk.On("order.created", ignore), sdk.On("order.created", ignore), sdk.On("order.*", nil),
		},
		Jobs:      []sdk.Job{sdk.Cron("clean up", "@daily", idle), sdk.Cron("sweep", "", nil)},
		Timers:    map[string]sdk.TimerFunc{"overdue": nil},
		Endpoints: []sdk.Endpoint{sdk.HTTP("POST erp", nil)},
		Config:    &sdk.Config[strange]{},
		Operations: []sdk.Operation{
			op("Shout"), op("twice"), op("twice"),
			sdk.Mutation[struct{}, string]("nothing", nil),
			sdk.Mutation("weigh", func(context.Context, sdk.Host, weight) (*sdk.Record, error) { return nil, nil }),
			sdk.Mutation("rename", func(context.Context, sdk.Host, untagged) (chan int, error) { return nil, nil }),
			sdk.Mutation("take", func(context.Context, sdk.Host, struct {
				R *sdk.Record `json:"r"`
			}) (struct{ A int }, error) {
				return struct{ A int }{}, nil
			}),
			sdk.Query("count", func(context.Context, sdk.Host, int) (string, error) { return "", nil }),
			sdk.Query("grow", func(context.Context, sdk.Host, struct{}) (tree, error) { return tree{}, nil }),
		},
		Fields: []sdk.Field{sdk.Computed[string]("customer", "mood", nil)},
	}, func() {})
	want := strings.Join([]string{
		`plugin My Plugin:`,
		`Name is "My Plugin"; it must be of lower-case letters, digits and hyphens`,
		`Version is missing`,
		`Entities holds no *.yaml file`,
		`BeforeSave has no function for ticket`,
		`"Shout" cannot be the name of an operation; use camelCase`,
		`operation twice stands in Operations twice`,
		`operation nothing has no function`,
		`weight.Grams is a float64, which is not exact; use sdk.Decimal`,
		`the result of weigh has a *sdk.Record; say of which entity, by Returns("...") or by an entity tag`,
		`untagged.Name needs a json tag: it names the field in the API`,
		`the result of rename is a chan int, which the API has no type for; see the documentation of sdk.ID`,
		`the arguments of take.R is a *sdk.Record, which cannot be an argument; take its sdk.ID`,
		`the result of take is a struct without a name; the API needs one`,
		`count takes a int; its arguments must be the fields of a struct`,
		`tree.Children contains itself; the API cannot show that, return *sdk.Record or ids`,
		`field customer.mood has no function`,
		`topic order.created stands in Events twice`,
		`topic order.* has no function`,
		`"orders" cannot be a topic; write ENTITY.ACTION such as order.created, or order.*`,
		`"clean up" cannot be the name of a job; use camelCase`,
		`job sweep has no schedule`,
		`"erp" cannot be the path of an endpoint; begin with a slash: "POST /erp"`,
		`Timers has no function for overdue`,
		`strange.Rate needs a json tag: it names the setting`,
		`strange.Limit has the default "many", which is no integer`,
		`strange.Ratio is a float64, which a configuration cannot have; see the documentation of sdk.Config`,
		`strange.Map is a map[string]int, which a configuration cannot have; see the documentation of sdk.Config`,
	}, "\n")
	if err == nil {
		t.Fatal("no mistake was found")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}
