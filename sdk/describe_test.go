package sdk_test

import (
	"context"
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
		name: "returns" version: "1.0.0"
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
	_, err := sdk.NewTransport(sdk.Plugin{
		Name:       "My Plugin",
		Entities:   fstest.MapFS{"readme.txt": {}},
		BeforeSave: map[string]sdk.SaveFunc{"ticket": nil},
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
		`BeforeSave has no function for ticket`,
	}, "\n")
	if err == nil {
		t.Fatal("no mistake was found")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}
