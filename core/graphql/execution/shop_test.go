package execution

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/graphql-go/graphql"
)

// shop is a small schema with everything in it that the tests need. Objects are
// map[string]any; calls counts the batch resolvers.
type shop struct {
	mu     sync.Mutex
	calls  map[string]int
	sizes  map[string]int // parents of the last call
	seen   map[string]any // arguments of the last call
	said   []string       // what mutations did, in order
	logged []Failure
	engine *Engine
}

type refusal struct {
	message string
	code    string
}

func (r refusal) Error() string { return "internal wording" }
func (r refusal) GraphQLError() (string, map[string]any) {
	return r.message, map[string]any{"code": r.code}
}

func newShop(t testing.TB, limits Limits) *shop {
	t.Helper()
	s := &shop{calls: map[string]int{}, sizes: map[string]int{}, seen: map[string]any{}}
	v := newVocabulary()
	schema, err := graphql.NewSchema(graphql.SchemaConfig{
		Query:    s.query(v),
		Mutation: s.mutation(),
		Subscription: graphql.NewObject(graphql.ObjectConfig{Name: "Subscription", Fields: graphql.Fields{
			"changed": {Type: graphql.String},
		}}),
		Types: []graphql.Type{v.dog, v.cat},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.engine, err = New(Config{
		Schema: schema,
		Batch: map[FieldName]BatchResolve{
			{"Query", "customers"}:  s.batch("customers", s.customers),
			{"Customer", "orders"}:  s.batch("orders", s.orders),
			{"Line", "product"}:     s.batch("product", s.product),
			{"Line", "fragile"}:     s.batch("fragile", s.fragile),
			{"Query", "miscounted"}: func(context.Context, BatchParams) ([]any, []error) { return []any{1, 2}, nil },
		},
		Sources: map[FieldName]Source{
			{"Subscription", "changed"}: func(context.Context, map[string]any) iter.Seq2[any, error] { return func(func(any, error) bool) {} },
		},
		PageSizes: map[FieldName]int{
			{"Query", "customers"}: 20, {"Customer", "orders"}: 20, {"Order", "lines"}: 5,
		},
		Limits:    limits,
		Log:       s.log,
		RequestID: func(context.Context) string { return "r1" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shop) log(_ context.Context, f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logged = append(s.logged, f)
}

func (s *shop) batch(name string, resolve func(BatchParams) ([]any, []error)) BatchResolve {
	return func(_ context.Context, p BatchParams) ([]any, []error) {
		s.mu.Lock()
		s.calls[name]++
		s.sizes[name] = len(p.Parents)
		s.seen[name] = p.Args
		s.seen[name+".path"] = strings.Join(p.Path, ".")
		s.seen[name+".selected"] = p.Selection.Names()
		s.mu.Unlock()
		return resolve(p)
	}
}

func page(nodes []any) map[string]any {
	return map[string]any{"nodes": nodes, "totalCount": len(nodes)}
}

func first(p BatchParams, otherwise int) int {
	if n, ok := p.Args["first"].(int); ok {
		return n
	}
	return otherwise
}

func (s *shop) customers(p BatchParams) ([]any, []error) {
	var nodes []any
	for i := range first(p, 2) {
		nodes = append(nodes, map[string]any{"id": fmt.Sprintf("c%d", i), "name": fmt.Sprintf("Customer %d", i), "city": "Berlin"})
	}
	return []any{page(nodes)}, nil
}

func (s *shop) orders(p BatchParams) ([]any, []error) {
	values := make([]any, len(p.Parents))
	for i, parent := range p.Parents {
		id := parent.(map[string]any)["id"].(string)
		var nodes []any
		for k := range first(p, 2) {
			nodes = append(nodes, map[string]any{
				"id": fmt.Sprintf("%s-o%d", id, k),
				"lines": []any{
					map[string]any{"sku": id + "a", "quantity": int64(k)},
					map[string]any{"sku": id + "b", "quantity": int64(10 + k)},
				},
			})
		}
		values[i] = page(nodes)
	}
	return values, nil
}

func (s *shop) product(p BatchParams) ([]any, []error) {
	values := make([]any, len(p.Parents))
	for i, parent := range p.Parents {
		values[i] = map[string]any{"name": "Product " + parent.(map[string]any)["sku"].(string)}
	}
	return values, nil
}

func (s *shop) fragile(p BatchParams) ([]any, []error) {
	values, errs := make([]any, len(p.Parents)), make([]error, len(p.Parents))
	for i := range p.Parents {
		if values[i] = "fine"; i == 1 {
			errs[i] = refusal{"This one is broken.", "CONFLICT"}
		}
	}
	return values, errs
}

func args(types map[string]graphql.Input) graphql.FieldConfigArgument {
	out := graphql.FieldConfigArgument{}
	for name, t := range types {
		out[name] = &graphql.ArgumentConfig{Type: t}
	}
	return out
}

func connection(name string, node graphql.Output) *graphql.Object {
	return graphql.NewObject(graphql.ObjectConfig{Name: name, Fields: graphql.Fields{
		"nodes":      {Type: graphql.NewNonNull(graphql.NewList(graphql.NewNonNull(node)))},
		"totalCount": {Type: graphql.NewNonNull(graphql.Int)},
	}})
}

func (s *shop) query(v *vocabulary) *graphql.Object {
	product := graphql.NewObject(graphql.ObjectConfig{Name: "Product", Fields: graphql.Fields{"name": {Type: graphql.String}}})
	line := graphql.NewObject(graphql.ObjectConfig{Name: "Line", Fields: graphql.Fields{
		"sku": {Type: graphql.String}, "quantity": {Type: graphql.Int}, "product": {Type: product}, "fragile": {Type: graphql.NewNonNull(graphql.String)},
	}})
	order := graphql.NewObject(graphql.ObjectConfig{Name: "Order", Fields: graphql.Fields{
		"id": {Type: graphql.NewNonNull(graphql.ID)}, "lines": {Type: graphql.NewList(line)},
	}})
	orders := connection("OrderConnection", order)
	customer := graphql.NewObject(graphql.ObjectConfig{Name: "Customer", Description: "Who buys.", Fields: graphql.FieldsThunk(func() graphql.Fields {
		return graphql.Fields{
			"id": {Type: graphql.NewNonNull(graphql.ID)}, "name": {Type: graphql.String}, "city": {Type: graphql.String, DeprecationReason: "ask for the address"},
			"orders": {Type: orders, Args: args(map[string]graphql.Input{"first": graphql.Int, "last": graphql.Int})},
		}
	})})
	customers := connection("CustomerConnection", customer)
	echo := func(p graphql.ResolveParams) (any, error) { return p.Args, nil }
	answer := func(v any, err error) graphql.FieldResolveFn {
		return func(graphql.ResolveParams) (any, error) { return v, err }
	}
	broken := graphql.NewObject(graphql.ObjectConfig{Name: "Broken", Fields: graphql.Fields{
		"ok":      {Type: graphql.String, Resolve: answer("ok", nil)},
		"refused": {Type: graphql.String, Resolve: answer(nil, refusal{"Not for you.", "FORBIDDEN"})},
		"hidden":  {Type: graphql.String, Resolve: answer(nil, errors.New("password=secret"))},
		"panic":   {Type: graphql.String, Resolve: func(graphql.ResolveParams) (any, error) { panic("secret") }},
		"need":    {Type: graphql.NewNonNull(graphql.String), Resolve: answer(nil, nil)},
		"needErr": {Type: graphql.NewNonNull(graphql.String), Resolve: answer(nil, refusal{"Not for you.", "FORBIDDEN"})},
		"big":     {Type: graphql.Int, Resolve: answer(int64(1)<<40, nil)},
		"noList":  {Type: graphql.NewList(graphql.String), Resolve: answer("x", nil)},
		"list":    {Type: graphql.NewList(graphql.String), Resolve: answer([]string{"a", "b"}, nil)},
		"partly":  {Type: graphql.NewList(graphql.String), Resolve: answer([]any{"a", refusal{"Not this one.", "CONFLICT"}}, nil)},
		"holes":   {Type: graphql.NewList(graphql.NewNonNull(graphql.String)), Resolve: answer([]any{"a", nil, "c"}, nil)},
		"color":   {Type: v.color, Resolve: answer(9, nil)},
		"pet":     {Type: v.pet, Resolve: answer(map[string]any{"kind": "fish"}, nil)},
	}})
	broken.AddFieldConfig("self", &graphql.Field{Type: broken, Resolve: answer(map[string]any{}, nil)})
	broken.AddFieldConfig("selves", &graphql.Field{Type: graphql.NewList(broken), Resolve: answer([]any{1, 2}, nil)})
	broken.AddFieldConfig("needSelf", &graphql.Field{Type: graphql.NewNonNull(broken), Resolve: answer(map[string]any{}, nil)})
	pets := []any{map[string]any{"kind": "dog", "name": "Rex", "barks": true}, map[string]any{"kind": "cat", "name": "Tom", "lives": 9}}
	return graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: graphql.Fields{
		"customers": {Type: customers, Args: args(map[string]graphql.Input{"first": graphql.Int, "last": graphql.Int})},
		"echo": {Type: v.json, Resolve: echo, Args: args(map[string]graphql.Input{
			"int": graphql.Int, "float": graphql.Float, "text": graphql.String, "yes": graphql.Boolean, "id": graphql.ID,
			"color": v.color, "even": v.even, "json": v.json, "point": v.point,
			"ints": graphql.NewList(graphql.Int), "points": graphql.NewList(graphql.NewNonNull(v.point)), "grid": graphql.NewList(graphql.NewList(graphql.Int)),
		})},
		"defaults": {Type: v.json, Resolve: echo, Args: graphql.FieldConfigArgument{
			"need":  {Type: graphql.NewNonNull(graphql.Int), DefaultValue: 5},
			"color": {Type: v.color, DefaultValue: 2},
			"point": {Type: v.point, DefaultValue: map[string]any{"x": 1, "note": "a \"b\""}},
			"ints":  {Type: graphql.NewList(graphql.Int), DefaultValue: []any{1, 2}},
			"json":  {Type: v.json, DefaultValue: map[string]any{"a": []any{true}}},
		}},
		"required":   {Type: v.json, Resolve: echo, Args: args(map[string]graphql.Input{"n": graphql.NewNonNull(graphql.Int)})},
		"pets":       {Type: graphql.NewList(v.pet), Resolve: answer(pets, nil)},
		"either":     {Type: graphql.NewList(v.either), Resolve: answer(pets, nil)},
		"broken":     {Type: broken, Resolve: answer(map[string]any{}, nil)},
		"needBroken": {Type: graphql.NewNonNull(broken), Resolve: answer(map[string]any{}, nil)},
		"miscounted": {Type: graphql.Int},
		"big":        {Type: v.json, Resolve: answer(int64(9007199254740993), nil)},
		"rooted":     {Type: graphql.String, Resolve: func(p graphql.ResolveParams) (any, error) { return p.Source, nil }},
		"wait": {Type: graphql.String, Resolve: func(p graphql.ResolveParams) (any, error) {
			<-p.Context.Done()
			return nil, fmt.Errorf("wait: %w", p.Context.Err())
		}},
	}})
}

func (s *shop) mutation() *graphql.Object {
	say := func(what string) { s.mu.Lock(); s.said = append(s.said, what); s.mu.Unlock() }
	done := graphql.NewObject(graphql.ObjectConfig{Name: "Done", Fields: graphql.Fields{
		"after": {Type: graphql.String, Resolve: func(p graphql.ResolveParams) (any, error) {
			say("after " + p.Source.(string))
			return p.Source, nil
		}},
	}})
	do := func(p graphql.ResolveParams) (any, error) {
		what := p.Args["what"].(string)
		say(what)
		if what == "fail" {
			return nil, refusal{"It does not work.", "CONFLICT"}
		}
		return what, nil
	}
	return graphql.NewObject(graphql.ObjectConfig{Name: "Mutation", Fields: graphql.Fields{
		"do":   {Type: done, Args: args(map[string]graphql.Input{"what": graphql.NewNonNull(graphql.String)}), Resolve: do},
		"must": {Type: graphql.NewNonNull(done), Args: args(map[string]graphql.Input{"what": graphql.NewNonNull(graphql.String)}), Resolve: do},
	}})
}

// ask sends a document and gives the answer as JSON, without the cost.
func (s *shop) ask(t testing.TB, query string, variables string) string {
	t.Helper()
	r := Request{Query: query}
	if variables != "" {
		decoded, err := decodeNumbers([]byte(variables))
		if err != nil {
			t.Fatal(err)
		}
		r.Variables = decoded.(map[string]any)
	}
	result := s.engine.Execute(t.Context(), r, "root")
	result.Extensions = nil
	return text(t, result)
}

func text(t testing.TB, result *Result) string {
	t.Helper()
	out, err := json.Marshal(result)
	if err != nil {
		t.Fatalf("the answer is not JSON: %v", err)
	}
	return string(out)
}
