package execution

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/graphql-go/graphql"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

func TestSDL(t *testing.T) {
	t.Parallel()
	sdl, err := printSDL(newShop(t, Limits{}).engine.types.schema)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/shop.graphql", sdl)
}

func TestIntrospectionIsCompleteAndOrdered(t *testing.T) {
	t.Parallel()
	query, err := os.ReadFile("testdata/introspection.graphql")
	if err != nil {
		t.Fatal(err)
	}
	first := newShop(t, Limits{}).ask(t, string(query), "")
	if strings.Contains(first, `"errors"`) {
		t.Fatal(first)
	}
	if second := newShop(t, Limits{}).ask(t, string(query), ""); first != second {
		t.Error("two schemas that are the same introspect differently")
	}
	if cost := newShop(t, Limits{}).engine.Execute(t.Context(), Request{Query: string(query)}, nil).Extensions["cost"].(map[string]any)["requested"].(int); cost > 1000 {
		t.Errorf("the query that every tool sends costs %d", cost)
	}
}

func TestIntrospectionAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ query, want string }{
		"defaults as literals": {
			query: `{ __type(name: "Query") { fields { name args { name defaultValue } } } }`,
			want:  `{"name":"defaults","args":[{"name":"color","defaultValue":"BLUE"},{"name":"ints","defaultValue":"[1, 2]"},{"name":"json","defaultValue":"{a: [true]}"},{"name":"need","defaultValue":"5"},{"name":"point","defaultValue":"{note: \"a \\\"b\\\"\", x: 1}"}]}`,
		},
		"deprecated fields only when asked for": {
			query: `{ a: __type(name: "Customer") { fields { name } } b: __type(name: "Customer") { fields(includeDeprecated: true) { name isDeprecated deprecationReason } } }`,
			want:  `{"a":{"fields":[{"name":"id"},{"name":"name"},{"name":"orders"}]},"b":{"fields":[{"name":"city","isDeprecated":true,"deprecationReason":"ask for the address"},`,
		},
		"what is younger than graphql-go": {
			query: `{ __schema { description directives { name isRepeatable } } __type(name: "Point") { specifiedByURL isOneOf inputFields(includeDeprecated: true) { name isDeprecated } } }`,
			want:  `{"__schema":{"description":null,"directives":[{"name":"include","isRepeatable":false},{"name":"skip","isRepeatable":false},{"name":"deprecated","isRepeatable":false}]},"__type":{"specifiedByURL":null,"isOneOf":false,"inputFields":[{"name":"colors","isDeprecated":false},`,
		},
		"abstract types": {
			query: `{ a: __type(name: "Pet") { kind interfaces { name } possibleTypes { name } } b: __type(name: "DogOrCat") { kind possibleTypes { name } } c: __type(name: "Dog") { interfaces { name } } d: __type(name: "None") { name } }`,
			want:  `{"a":{"kind":"INTERFACE","interfaces":[],"possibleTypes":[{"name":"Cat"},{"name":"Dog"}]},"b":{"kind":"UNION","possibleTypes":[{"name":"Cat"},{"name":"Dog"}]},"c":{"interfaces":[{"name":"Pet"}]},"d":null}`,
		},
		"wrapped types": {
			query: `{ __type(name: "CustomerConnection") { fields { name type { kind name ofType { kind name ofType { kind ofType { kind name } } } } } } }`,
			want:  `{"name":"nodes","type":{"kind":"NON_NULL","name":null,"ofType":{"kind":"LIST","name":null,"ofType":{"kind":"NON_NULL","ofType":{"kind":"OBJECT","name":"Customer"}}}}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := newShop(t, Limits{}).ask(t, tt.query, ""); !strings.Contains(got, tt.want) || strings.Contains(got, `"errors"`) {
				t.Errorf("%s\n got %s\nwant %s", tt.query, got, tt.want)
			}
		})
	}
}

func TestNewRefusesWhatTheSchemaDoesNotHave(t *testing.T) {
	t.Parallel()
	field := func(f *graphql.Field) graphql.Schema {
		schema, err := graphql.NewSchema(graphql.SchemaConfig{Query: graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: graphql.Fields{"a": f}})})
		if err != nil {
			t.Fatal(err)
		}
		return schema
	}
	plain := field(&graphql.Field{Type: graphql.String})
	tests := map[string]struct {
		config Config
		want   string
	}{
		"batch resolver": {
			config: Config{Schema: plain, Batch: map[FieldName]BatchResolve{{"Query", "b"}: nil}},
			want:   "graphql schema: a batch resolver is given for Query.b, which does not exist",
		},
		"page size": {
			config: Config{Schema: plain, PageSizes: map[FieldName]int{{"Q", "a"}: 1}},
			want:   "graphql schema: a page size is given for Q.a, which does not exist",
		},
		"default value": {
			config: Config{Schema: field(&graphql.Field{Type: graphql.String, Args: graphql.FieldConfigArgument{
				"c": {Type: newVocabulary().color, DefaultValue: "GREEN"}}})},
			want: "graphql schema: default value GREEN: enum Color has no such value",
		},
		"what graphql-go lets pass": {
			config: Config{Schema: field(&graphql.Field{Type: graphql.NewEnum(graphql.EnumConfig{Name: "Answer", Values: graphql.EnumValueConfigMap{"true": {Value: 1}}})})},
			want:   "graphql schema: ENUM Answer: non-enum value true.",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := New(tt.config); err == nil || err.Error() != tt.want {
				t.Errorf("New() = %v, want %s", err, tt.want)
			}
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
