package execution

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/graphql-go/graphql"
)

// newLists has lists of which nobody knows how long they are.
func newLists(t *testing.T, limits Limits) *Engine {
	t.Helper()
	many := func(n int) graphql.FieldResolveFn {
		return func(graphql.ResolveParams) (any, error) { return make([]int, n), nil }
	}
	item := graphql.NewObject(graphql.ObjectConfig{Name: "Item", Fields: graphql.Fields{
		"n":     {Type: graphql.Int, Resolve: func(graphql.ResolveParams) (any, error) { return 1, nil }},
		"texts": {Type: graphql.NewList(graphql.Int), Resolve: many(50)},
	}})
	item.AddFieldConfig("items", &graphql.Field{Type: graphql.NewList(item), Resolve: many(50)})
	schema, err := graphql.NewSchema(graphql.SchemaConfig{Query: graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: graphql.Fields{
		"items": {Type: graphql.NewNonNull(graphql.NewList(item)), Resolve: many(50)},
		"cut":   {Type: graphql.NewList(graphql.Int), Resolve: func(graphql.ResolveParams) (any, error) { return Cut{1, 2}, nil }},
		"each":  {Type: graphql.NewList(item), Args: args(map[string]graphql.Input{"of": graphql.NewList(graphql.Int)}), Resolve: many(2)},
	}})})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := New(Config{Schema: schema, ListSize: 10, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func TestEveryListCosts(t *testing.T) {
	t.Parallel()
	engine := newLists(t, Limits{})
	tests := map[string]struct {
		query string
		want  int
	}{
		"a list of objects":                  {`{ items { n } }`, 11},
		"a list of texts":                    {`{ items { texts } }`, 111},
		"lists in lists":                     {`{ items { items { n } } }`, 111},
		"a list for each of an argument":     {`{ each(of: [1,2,3,4,5,6,7,8,9,10,11,12]) { n } }`, 13},
		"a part of the schema":               {`{ __type(name: "Item") { name } }`, 1},
		"a list that turns out to be longer": {`{ items { items { n texts } } }`, 1211},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			result := engine.Execute(t.Context(), Request{Query: tt.query}, nil)
			if got := result.Extensions["cost"].(map[string]any)["requested"]; got != tt.want {
				t.Errorf("%s costs %v, want %d", tt.query, got, tt.want)
			}
		})
	}
}

func TestTheSchemaMayBeAskedForOnceHoweverLargeAndNotAtWill(t *testing.T) {
	t.Parallel()
	query, err := os.ReadFile("testdata/introspection.graphql")
	if err != nil {
		t.Fatal(err)
	}
	engine := newLists(t, Limits{Cost: 100, Values: 200}) // less than the schema has types
	if answer := text(t, engine.Execute(t.Context(), Request{Query: string(query)}, nil)); strings.Contains(answer, `"errors"`) {
		t.Errorf("the query that every tool sends is answered with %.300s", answer)
	}
	whole, fragments, _ := strings.Cut(string(query), "fragment ")
	_, whole, _ = strings.Cut(whole, "__schema")
	whole = whole[:strings.LastIndex(whole, "}")]
	var greedy strings.Builder
	for i := range 10 {
		greedy.WriteString(" a" + itoa(i) + ": __schema" + whole)
	}
	answer := text(t, engine.Execute(t.Context(), Request{Query: "{" + greedy.String() + "} fragment " + fragments}, nil))
	if !strings.Contains(answer, "at most 100 are allowed. Ask for smaller pages (first, last) or fewer fields.") {
		t.Errorf("ten times the schema is answered with %.300s", answer)
	}
}

func TestAnAnswerStopsAtItsValuesWhateverWasEstimated(t *testing.T) {
	t.Parallel()
	engine := newLists(t, Limits{Values: 20_000})
	want := `[{"message":"The answer has 20001 values and is not complete; at most 20000 are allowed. Ask for smaller pages (first, last) or fewer fields.","extensions":{"code":"INVALID"}}]`
	result := engine.Execute(t.Context(), Request{Query: `{ items { items { n items { n } } } }`}, nil)
	got, err := json.Marshal(result.Errors)
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if answer := text(t, result); strings.Contains(answer, `"n":`) {
		t.Errorf("objects that are not complete are answered: %.300s", answer)
	}
}

func TestAListThatWasCutSaysSo(t *testing.T) {
	t.Parallel()
	result := newLists(t, Limits{}).Execute(t.Context(), Request{Query: `{ a: cut cut }`}, nil)
	if got, want := text(t, result), `{"data":{"a":[1,2],"cut":[1,2]},"extensions":{"cost":{"limit":100000,"requested":22},"cut":[["a"],["cut"]]}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A client that leaves while a long list is written ends the work on it.
func TestWhoLeavesEndsTheListThatIsWritten(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	resolved := 0
	item := graphql.NewObject(graphql.ObjectConfig{Name: "Item", Fields: graphql.Fields{"n": {Type: graphql.Int}}})
	schema, err := graphql.NewSchema(graphql.SchemaConfig{Query: graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: graphql.Fields{
		"items": {Type: graphql.NewList(item), Resolve: func(graphql.ResolveParams) (any, error) { return make([]int, 10_000), nil }},
	}})})
	if err != nil {
		t.Fatal(err)
	}
	item.IsTypeOf = func(graphql.IsTypeOfParams) bool {
		if resolved++; resolved == 100 {
			leave()
		}
		return true
	}
	engine, err := New(Config{Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	result := engine.Execute(ctx, Request{Query: `{ items { n } }`}, nil)
	result.Extensions = nil
	if got, want := text(t, result), `{"errors":[{"message":"The client ended the request before it was answered.","extensions":{"code":"UNAVAILABLE"}}],"data":{"items":null}}`; got != want {
		t.Errorf("got %.300s, want %s", got, want)
	}
	if resolved > 300 {
		t.Errorf("%d items were written of which the 100th was the last that anybody wanted", resolved)
	}
}
