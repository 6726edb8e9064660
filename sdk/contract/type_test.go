package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/encoding/prototext"
)

func described(t *testing.T, text string) *pluginpb.DescribeResponse {
	t.Helper()
	d := &pluginpb.DescribeResponse{}
	if err := prototext.Unmarshal([]byte(text), d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTypesAreFieldsOfTheLanguage(t *testing.T) {
	d := described(t, `
		objects { name: "line" members { name: "product" type { entity: "product" } } members { name: "quantity" type { scalar: "integer" required: true } } }
		operations { name: "offer" arguments { name: "customer" doc: "Who asks." type { scalar: "id" required: true } } returns { list { object: "line" } required: true } }
		fields { entity: "customer" name: "mood" returns { scalar: "id" } }`)
	translated := contract.NewTranslator(d)
	arguments, result := translated.Operation(d.GetOperations()[0])
	mood := translated.Computed(d.GetFields()[0])
	if err := translated.Err(); err != nil {
		t.Fatal(err)
	}
	if a := arguments[0]; len(arguments) != 1 || a.Name != "customer" || a.Type != "reference" || a.To != "" || !a.Required || a.Description.In("en") != "Who asks." {
		t.Errorf("the arguments are %+v", arguments)
	}
	line := result.Of
	if result.Type != "list" || result.Required || line.Type != "object" || len(line.Fields) != 2 {
		t.Fatalf("the result is %+v of %+v", result, line)
	}
	if product, quantity := line.Sub("product"), line.Sub("quantity"); product.Type != "reference" || product.To != "product" || quantity.Type != "integer" || quantity.Required {
		t.Errorf("a line has %+v and %+v", product, quantity)
	}
	if mood.Name != "mood" || mood.Type != "text" {
		t.Errorf("the mood is %+v", mood)
	}
}

func TestTypesThatAreNoneAreRefused(t *testing.T) {
	d := described(t, `
		objects { name: "line" members { name: "Product" type { scalar: "txt" } } members { name: "self" type { object: "line" } } }
		operations { name: "offer" arguments { name: "customer" type { entity: "customer" } } arguments { name: "of" } returns { object: "lines" } }
		operations { name: "order" returns { list { object: "line" } } }
		fields { entity: "customer" name: "mood" returns { entity: "" } }`)
	translated := contract.NewTranslator(d)
	for _, o := range d.GetOperations() {
		translated.Operation(o)
	}
	translated.Computed(d.GetFields()[0])
	err := translated.Err()
	for _, want := range []string{
		`customer.mood: a record of "" cannot stand here`,
		`member of line: "Product" cannot be its name; it has to match ^[a-z][a-zA-Z0-9]*$`,
		`offer: there is no object type "lines"`,
		`offer.customer: a record of "customer" cannot stand here`,
		"offer.of: its type is missing",
		`order.Product: there is no type "txt"; did you mean "text"?`,
		"order.self.self.self.self.self.self.self.self: its type goes more than 8 levels deep, or contains itself",
	} {
		if err == nil || !strings.Contains("\n"+err.Error()+"\n", "\n"+want+"\n") {
			t.Errorf("%v\nlacks\n%s", err, want)
		}
	}
}

func TestTypesThatUnfoldWithoutEndAreRefusedAtOnce(t *testing.T) {
	d := &pluginpb.DescribeResponse{}
	for level := range 8 {
		o := &pluginpb.ObjectType{Name: fmt.Sprint(level)}
		for n := range 100 {
			inner := &pluginpb.Type{Of: &pluginpb.Type_Object{Object: fmt.Sprint(level + 1)}}
			if level == 7 {
				inner = &pluginpb.Type{Of: &pluginpb.Type_Scalar{Scalar: "text"}}
			}
			o.Members = append(o.Members, &pluginpb.Member{Name: fmt.Sprint("m", n), Type: inner})
		}
		d.Objects = append(d.Objects, o)
	}
	translated := contract.NewTranslator(d)
	translated.Operation(&pluginpb.Operation{Name: "all", Returns: &pluginpb.Type{Of: &pluginpb.Type_Object{Object: "0"}}})
	if err := translated.Err(); err == nil || !strings.Contains(err.Error(), ": its types unfold to more than 10000 fields") || len(err.Error()) > 10_000 {
		t.Errorf("%.300v", err)
	}
}
