package execution

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExecuteFollowsTheSpecification(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query, variables, want string
	}{
		"keys in the order of the document, aliases, typename": {
			query: `{ b: rooted __typename a: rooted }`,
			want:  `{"data":{"b":"root","__typename":"Query","a":"root"}}`,
		},
		"fields merge, also across fragments": {
			query: `{ broken { ok } ...F ... { broken { self { ok } } } } fragment F on Query { broken { list ok self { list } } }`,
			want:  `{"data":{"broken":{"ok":"ok","list":["a","b"],"self":{"list":["a","b"],"ok":"ok"}}}}`,
		},
		"fragments apply by interface, union and object": {
			query: `{ pets { __typename name ... on Dog { barks } ...C ... on Pet { again: name } } either { ... on Pet { name } ... on DogOrCat { __typename } } } fragment C on Cat { lives }`,
			want:  `{"data":{"pets":[{"__typename":"Dog","name":"Rex","barks":true,"again":"Rex"},{"__typename":"Cat","name":"Tom","lives":9,"again":"Tom"}],"either":[{"name":"Rex","__typename":"Dog"},{"name":"Tom","__typename":"Cat"}]}}`,
		},
		"skip and include": {
			query:     `query($y: Boolean!, $n: Boolean = false) { a: rooted @skip(if: $y) b: rooted @include(if: $y) c: rooted @skip(if: false) @include(if: true) ... @include(if: $n) { d: rooted } ...F @skip(if: $y) } fragment F on Query { e: rooted }`,
			variables: `{"y": true}`,
			want:      `{"data":{"b":"root","c":"root"}}`,
		},
		"everything skipped": {
			query: `{ broken { ok @skip(if: true) } }`,
			want:  `{"data":{"broken":{}}}`,
		},
		"a null condition is refused": {
			query:     `query($c: Boolean = true) { rooted @include(if: $c) }`,
			variables: `{"c": null}`,
			want:      `{"errors":[{"message":"Variable \"$c\" decides about @skip or @include and must not be null.","locations":[{"line":1,"column":49}],"extensions":{"code":"INVALID"}}]}`,
		},
		"integers beyond 32 bits stay exact in other scalars": {
			query: `{ big }`,
			want:  `{"data":{"big":9007199254740993}}`,
		},
		"a refused field is null and says why": {
			query: `{ broken { ok refused } }`,
			want:  `{"errors":[{"message":"Not for you.","locations":[{"line":1,"column":15}],"path":["broken","refused"],"extensions":{"code":"FORBIDDEN"}}],"data":{"broken":{"ok":"ok","refused":null}}}`,
		},
		"an unexpected error is hidden": {
			query: `{ broken { hidden } }`,
			want:  `{"errors":[{"message":"Something went wrong on our side; the details are in the server's log under request r1.","locations":[{"line":1,"column":12}],"path":["broken","hidden"],"extensions":{"code":"INTERNAL"}}],"data":{"broken":{"hidden":null}}}`,
		},
		"a panic is hidden too": {
			query: `{ broken { panic ok } }`,
			want:  `{"errors":[{"message":"Something went wrong on our side; the details are in the server's log under request r1.","locations":[{"line":1,"column":12}],"path":["broken","panic"],"extensions":{"code":"INTERNAL"}}],"data":{"broken":{"panic":null,"ok":"ok"}}}`,
		},
		"a broken promise nulls the nearest object that may be null": {
			query: `{ broken { self { ok need } ok } }`,
			want:  `{"errors":[{"message":"Cannot return null for non-nullable field Broken.need.","locations":[{"line":1,"column":22}],"path":["broken","self","need"],"extensions":{"code":"INTERNAL"}}],"data":{"broken":{"self":null,"ok":"ok"}}}`,
		},
		"null travels through non-null objects up to the data": {
			query: `{ rooted needBroken { needSelf { needErr } } }`,
			want:  `{"errors":[{"message":"Not for you.","locations":[{"line":1,"column":34}],"path":["needBroken","needSelf","needErr"],"extensions":{"code":"FORBIDDEN"}}],"data":null}`,
		},
		"errors name the index in a list": {
			query: `{ broken { selves { ok refused } } }`,
			want:  `{"errors":[{"message":"Not for you.","locations":[{"line":1,"column":24}],"path":["broken","selves",0,"refused"],"extensions":{"code":"FORBIDDEN"}},{"message":"Not for you.","locations":[{"line":1,"column":24}],"path":["broken","selves",1,"refused"],"extensions":{"code":"FORBIDDEN"}}],"data":{"broken":{"selves":[{"ok":"ok","refused":null},{"ok":"ok","refused":null}]}}}`,
		},
		"a hole in a list of non-null items nulls the list": {
			query: `{ broken { ok holes } }`,
			want:  `{"errors":[{"message":"Cannot return null for non-nullable field Broken.holes.","locations":[{"line":1,"column":15}],"path":["broken","holes",1],"extensions":{"code":"INTERNAL"}}],"data":{"broken":{"ok":"ok","holes":null}}}`,
		},
		"an item of a list may be an error": {
			query: `{ broken { partly } }`,
			want:  `{"errors":[{"message":"Not this one.","locations":[{"line":1,"column":12}],"path":["broken","partly",1],"extensions":{"code":"CONFLICT"}}],"data":{"broken":{"partly":["a",null]}}}`,
		},
		"values that do not fit their type": {
			query: `{ broken { big } b: broken { noList } c: broken { color } d: broken { pet { name } } }`,
			want: `{"errors":[` + hidden(`"broken","big"`, 12) + `,` + hidden(`"b","noList"`, 30) + `,` + hidden(`"c","color"`, 51) + `,` + hidden(`"d","pet"`, 71) +
				`],"data":{"broken":{"big":null},"b":{"noList":null},"c":{"color":null},"d":{"pet":null}}}`,
		},
		"a batch resolver that miscounts": {
			query: `{ miscounted }`,
			want:  `{"errors":[` + hidden(`"miscounted"`, 3) + `],"data":{"miscounted":null}}`,
		},
		"one parent of a batch fails": {
			query: `{ customers(first: 1) { nodes { orders(first: 1) { nodes { lines { sku fragile } } } } } }`,
			want:  `{"errors":[{"message":"This one is broken.","locations":[{"line":1,"column":72}],"path":["customers","nodes",0,"orders","nodes",0,"lines",1,"fragile"],"extensions":{"code":"CONFLICT"}}],"data":{"customers":{"nodes":[{"orders":{"nodes":[{"lines":[{"sku":"c0a","fragile":"fine"},null]}]}}]}}}`,
		},
		"a subscription is refused": {
			query: `subscription { changed }`,
			want:  `{"errors":[{"message":"A subscription has no single answer; ask for it where events can be sent.","locations":[{"line":1,"column":1}],"extensions":{"code":"INVALID"}}]}`,
		},
		"several operations need a name": {
			query: `query A { rooted } query B { rooted }`,
			want:  `{"errors":[{"message":"The document holds 2 operations; say with operationName which one is meant.","extensions":{"code":"INVALID"}}]}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, Limits{})
			if diff := cmp.Diff(tt.want, s.ask(t, tt.query, tt.variables)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.query, diff)
			}
		})
	}
}

func hidden(path string, column int) string {
	return strings.NewReplacer("PATH", path, "COLUMN", itoa(column)).Replace(
		`{"message":"Something went wrong on our side; the details are in the server's log under request r1.","locations":[{"line":1,"column":COLUMN}],"path":[PATH],"extensions":{"code":"INTERNAL"}}`)
}

func itoa(n int) string { return string(appendLeaf(nil, int64(n))) }

func TestExecutePicksTheNamedOperation(t *testing.T) {
	t.Parallel()
	s := newShop(t, Limits{})
	query := `query A { a: rooted } query B { b: rooted }`
	result := s.engine.Execute(t.Context(), Request{Query: query, OperationName: "B"}, "root")
	if got, want := text(t, result), `{"data":{"b":"root"},"extensions":{"cost":{"limit":100000,"requested":1}}}`; got != want {
		t.Errorf("operation B = %s, want %s", got, want)
	}
	result = s.engine.Execute(t.Context(), Request{Query: query, OperationName: "C"}, "root")
	if got, want := result.Errors.Error(), `The document holds no operation named "C", only A, B.`; got != want {
		t.Errorf("operation C = %q, want %q", got, want)
	}
}

func TestExecuteResolvesALevelInOneCall(t *testing.T) {
	t.Parallel()
	s := newShop(t, Limits{})
	got := s.ask(t, `{ customers(first: 7) { nodes { orders(first: 3) { totalCount nodes { lines { product { name } } } } } } }`, "")
	if strings.Contains(got, "errors") {
		t.Fatal(got)
	}
	if diff := cmp.Diff(map[string]int{"customers": 1, "orders": 1, "product": 1}, s.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"customers": 1, "orders": 7, "product": 7 * 3 * 2}, s.sizes); diff != "" {
		t.Errorf("parents per call (-want +got):\n%s", diff)
	}
	if got, want := s.seen["product.path"], "customers.nodes.orders.nodes.lines.product"; got != want {
		t.Errorf("path = %v, want %v", got, want)
	}
	if diff := cmp.Diff([]string{"totalCount", "nodes"}, s.seen["orders.selected"]); diff != "" {
		t.Errorf("selected (-want +got):\n%s", diff)
	}
}

func TestSelectionSeesThroughFragmentsAndConditions(t *testing.T) {
	t.Parallel()
	s := newShop(t, Limits{})
	var has []bool
	s.engine.types.objects["Query"].fields["customers"].batch = func(_ context.Context, p BatchParams) ([]any, []error) {
		has = []bool{
			p.Selection.Has("totalCount"), p.Selection.Has("nodes", "orders", "totalCount"),
			p.Selection.Has("nodes", "city"), p.Selection.Has("nodes", "name"), p.Selection.Below("nodes").Below("orders").Has("nodes"),
		}
		return []any{nil}, nil
	}
	s.ask(t, `query($no: Boolean!) { customers { ...F items: nodes { city @include(if: $no) name } } } fragment F on CustomerConnection { nodes { o: orders { totalCount } } }`, `{"no": false}`)
	if diff := cmp.Diff([]bool{false, true, false, true, false}, has); diff != "" {
		t.Errorf("Has (-want +got):\n%s", diff)
	}
}

func TestNothingIsResolvedBelowWhatWasNulled(t *testing.T) {
	t.Parallel()
	s := newShop(t, Limits{})
	s.ask(t, `{ customers(first: 1) { nodes { orders(first: 1) { nodes { lines { fragile product { name } } } } } } }`, "")
	if got, want := s.sizes["product"], 1; got != want {
		t.Errorf("the product was resolved for %d lines, want %d: the other line is null", got, want)
	}
}

func TestMutationsRunInSeries(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query, want string
		said        []string
	}{
		"each to its end before the next": {
			query: `mutation { a: do(what: "one") { after } b: do(what: "two") { after } }`,
			want:  `{"data":{"a":{"after":"one"},"b":{"after":"two"}}}`,
			said:  []string{"one", "after one", "two", "after two"},
		},
		"a failure does not stop the next": {
			query: `mutation { a: do(what: "fail") { after } b: do(what: "two") { after } }`,
			want:  `{"errors":[{"message":"It does not work.","locations":[{"line":1,"column":12}],"path":["a"],"extensions":{"code":"CONFLICT"}}],"data":{"a":null,"b":{"after":"two"}}}`,
			said:  []string{"fail", "two", "after two"},
		},
		"a failure that nulls everything does": {
			query: `mutation { a: must(what: "fail") { after } b: do(what: "two") { after } }`,
			want:  `{"errors":[{"message":"It does not work.","locations":[{"line":1,"column":12}],"path":["a"],"extensions":{"code":"CONFLICT"}}],"data":null}`,
			said:  []string{"fail"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, Limits{})
			if diff := cmp.Diff(tt.want, s.ask(t, tt.query, "")); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.said, s.said); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHiddenErrorsAreLoggedOnceEach(t *testing.T) {
	t.Parallel()
	s := newShop(t, Limits{})
	s.ask(t, `{ broken { selves { hidden } panic } }`, "")
	var got []string
	for _, f := range s.logged {
		got = append(got, f.Field+": "+f.Err.Error())
	}
	if diff := cmp.Diff([]string{"Broken.panic: panic: secret", "Broken.hidden: password=secret"}, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if stack := string(s.logged[0].Stack); !strings.Contains(stack, "shop_test.go") {
		t.Errorf("the stack of the panic does not show where it happened:\n%s", stack)
	}
}

func TestExecuteStopsWithItsContext(t *testing.T) {
	t.Parallel()
	deadline, cancelDeadline := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelDeadline()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	tests := map[string]struct {
		ctx         context.Context
		query, want string
	}{
		"deadline passed before the start": {
			ctx: deadline, query: `{ rooted }`,
			want: `{"errors":[{"message":"The request took longer than allowed and was stopped; ask for less at once, or try again.","extensions":{"code":"UNAVAILABLE"}}],"data":null}`,
		},
		"client gone": {
			ctx: gone, query: `{ rooted }`,
			want: `{"errors":[{"message":"The client ended the request before it was answered.","extensions":{"code":"UNAVAILABLE"}}],"data":null}`,
		},
		"mutations that did not run": {
			ctx: gone, query: `mutation { do(what: "one") { after } }`,
			want: `{"errors":[{"message":"The client ended the request before it was answered.","extensions":{"code":"UNAVAILABLE"}}],"data":{"do":null}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, Limits{})
			result := s.engine.Execute(tt.ctx, Request{Query: tt.query}, "root")
			result.Extensions = nil
			if diff := cmp.Diff(tt.want, text(t, result)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if len(s.said) > 0 || len(s.logged) > 0 {
				t.Errorf("something was done (%v) or logged (%v)", s.said, s.logged)
			}
		})
	}
}

func TestExecuteStopsInTheMiddle(t *testing.T) {
	t.Parallel()
	s := newShop(t, Limits{})
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(errors.New("enough"))
	result := s.engine.Execute(ctx, Request{Query: `{ wait }`}, "root")
	result.Extensions = nil
	want := `{"errors":[{"message":"The client ended the request before it was answered.","extensions":{"code":"UNAVAILABLE"}}],"data":{"wait":null}}`
	if got := text(t, result); got != want && !strings.Contains(got, `"data":null`) {
		t.Errorf("answer = %s, want %s", got, want)
	}
}

func TestExecuteFromManyGoroutines(t *testing.T) {
	t.Parallel()
	s := newShop(t, Limits{CachedDocuments: 2})
	queries := []string{
		`{ customers(first: 5) { nodes { name orders { nodes { id lines { product { name } } } } } } }`,
		`query($c: Color) { echo(color: $c, point: {x: 1, colors: RED}) pets { name } }`,
		`{ __schema { types { name fields { name args { name defaultValue } } enumValues { name } } } }`,
		`{ broken { selves { need } } }`,
	}
	want := make([]string, len(queries))
	for i, query := range queries {
		want[i] = s.ask(t, query, "")
	}
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for k := range 20 {
				n := (i + k) % len(queries)
				if got := s.ask(t, queries[n], ""); got != want[n] {
					t.Errorf("%s = %s, want %s", queries[n], got, want[n])
				}
			}
		})
	}
	wait.Wait()
}
