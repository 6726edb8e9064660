package execution

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query string
		want  string
	}{
		"a syntax error": {
			query: "{ rooted(",
			want:  `[{"message":"Expected Name, found \u003cEOF\u003e","locations":[{"line":1,"column":10}],"extensions":{"code":"INVALID"}}]`,
		},
		"an unknown field": {
			query: "{\n  roted\n}",
			want:  `[{"message":"Cannot query field \"roted\" on type \"Query\". Did you mean \"rooted\" or \"broken\"?","locations":[{"line":2,"column":3}],"extensions":{"code":"INVALID"}}]`,
		},
		"no operation": {
			query: "fragment F on Query { rooted }",
			want:  `[{"message":"The document holds no query, mutation or subscription.","extensions":{"code":"INVALID"}}]`,
		},
		"nothing": {
			query: "",
			want:  `[{"message":"The document holds no query, mutation or subscription.","extensions":{"code":"INVALID"}}]`,
		},
		"a wrong custom scalar": {
			query: `{ echo(even: 3) b: echo(even: "x") }`,
			want:  `[{"message":"Even cannot represent 3: it is odd","locations":[{"line":1,"column":14}],"extensions":{"code":"INVALID"}},{"message":"Expected value of type \"Even\", found \"x\".","locations":[{"line":1,"column":32}],"extensions":{"code":"INVALID"}}]`,
		},
		"an integer beyond 32 bits": {
			query: `{ echo(int: 3000000000, ints: [1, -3000000000]) }`,
			want:  `[{"message":"Int cannot represent non 32-bit signed integer value: 3000000000","locations":[{"line":1,"column":13}],"extensions":{"code":"INVALID"}},{"message":"Int cannot represent non 32-bit signed integer value: -3000000000","locations":[{"line":1,"column":35}],"extensions":{"code":"INVALID"}}]`,
		},
		"an object where a scalar belongs": {
			query: `{ echo(text: {}, color: {}) }`,
			want:  `[{"message":"Expected value of type \"String\", found {}.","locations":[{"line":1,"column":14}],"extensions":{"code":"INVALID"}},{"message":"Expected value of type \"Color\", found {}.","locations":[{"line":1,"column":25}],"extensions":{"code":"INVALID"}}]`,
		},
		"a directive that would be ignored": {
			query: `{ ... @defer { rooted } }`,
			want:  `[{"message":"Unknown directive \"@defer\".","locations":[{"line":1,"column":8}],"extensions":{"code":"INVALID"}}]`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newShop(t, Limits{}).engine.Prepare(t.Context(), tt.query)
			got, _ := json.Marshal(err)
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("Prepare(%s) (-want +got):\n%s", tt.query, diff)
			}
		})
	}
}

func TestLimitsSayWhatWasExceededAndWhere(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		limits           Limits
		query, variables string
		want             string
	}{
		"bytes": {
			limits: Limits{DocumentBytes: 10}, query: `{ rooted rooted }`,
			want: `{"message":"The document is 17 bytes long; at most 10 are allowed. Put values into variables, or send it in smaller pieces.","extensions":{"code":"INVALID"}}`,
		},
		"tokens": {
			limits: Limits{Tokens: 4}, query: "{ rooted # four\n rooted rooted rooted }",
			want: `{"message":"The document has more than 4 tokens, which is the limit; send it in smaller pieces.","locations":[{"line":2,"column":16}],"extensions":{"code":"INVALID"}}`,
		},
		"fields": {
			limits: Limits{Fields: 2}, query: `{ rooted ...F } fragment F on Query { rooted ... { rooted } }`,
			want: `{"message":"The document has more than 2 fields and fragment spreads, which is the limit; send it in smaller pieces.","locations":[{"line":1,"column":39}],"extensions":{"code":"INVALID"}}`,
		},
		"aliases": {
			limits: Limits{Aliases: 1}, query: `{ a: rooted rooted b: rooted }`,
			want: `{"message":"The document has more than 1 aliases, which is the limit; send it in smaller pieces.","locations":[{"line":1,"column":20}],"extensions":{"code":"INVALID"}}`,
		},
		"introspections": {
			query: `{ ` + strings.Repeat(`__type(name: "Query") { name } `, 11) + `}`,
			want:  `{"message":"The document asks for the schema more than 10 times, which is the limit; send it in smaller pieces.","locations":[{"line":1,"column":313}],"extensions":{"code":"INVALID"}}`,
		},
		"depth": {
			limits: Limits{Depth: 2}, query: `{ broken { ok ...F } } fragment F on Broken { self { ok } }`,
			want: `{"message":"The document is 3 fields deep; at most 2 are allowed. Ask for less inside one another.","locations":[{"line":1,"column":54}],"extensions":{"code":"INVALID"}}`,
		},
		"cost by literals": {
			limits: Limits{Cost: 100}, query: `{ rooted customers(first: 10) { nodes { orders(first: 10) { totalCount } } } }`,
			want: `{"message":"The request costs 122; at most 100 are allowed. Ask for smaller pages (first, last) or fewer fields.","locations":[{"line":1,"column":10}],"extensions":{"code":"INVALID"}}`,
		},
		"cost by variables": {
			limits: Limits{Cost: 100}, query: `query($n: Int) { customers(last: $n) { totalCount } }`, variables: `{"n": 2000000000}`,
			want: `{"message":"The request costs 2000000001; at most 100 are allowed. Ask for smaller pages (first, last) or fewer fields.","locations":[{"line":1,"column":18}],"extensions":{"code":"INVALID"}}`,
		},
		"cost by default page sizes and fragments": {
			limits: Limits{Cost: 100}, query: `{ ...F } fragment F on Query { customers { nodes { ...C ...C } } } fragment C on Customer { id orders { totalCount } }`,
			want: `{"message":"The request costs 901; at most 100 are allowed. Ask for smaller pages (first, last) or fewer fields.","locations":[{"line":1,"column":6}],"extensions":{"code":"INVALID"}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newShop(t, tt.limits).ask(t, tt.query, tt.variables)
			if diff := cmp.Diff(`{"errors":[`+tt.want+`]}`, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.query, diff)
			}
		})
	}
}

func TestCostIsReported(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query     string
		variables map[string]any
		want      int
	}{
		"plain fields":                 {query: `{ rooted broken { ok } }`, want: 3},
		"an explicit page":             {query: `{ customers(first: 3) { nodes { id } } }`, want: 7},
		"the larger of first and last": {query: `{ customers(first: 3, last: 5) { nodes { id } } }`, want: 11},
		"a null page is the default":   {query: `{ customers(first: null) { totalCount } }`, want: 21},
		"a variable that is missing":   {query: `query($n: Int) { customers(first: $n) { totalCount } }`, want: 21},
		"a variable with a default":    {query: `query($n: Int = 2) { customers(first: $n) { totalCount } }`, want: 3},
		"skipped fields are free":      {query: `query($s: Boolean!) { rooted customers @skip(if: $s) { totalCount } }`, variables: map[string]any{"s": true}, want: 1},
		"a product beyond all numbers": {query: `{ customers(first: 2000000000) { nodes { orders(first: 2000000000) { nodes { lines { sku } } } } } }`, want: 2147483647},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := newShop(t, Limits{Cost: 50}).engine.Execute(t.Context(), Request{Query: tt.query, Variables: tt.variables}, nil)
			want := map[string]any{"cost": map[string]any{"requested": tt.want, "limit": 50}}
			if diff := cmp.Diff(want, result.Extensions); diff != "" {
				t.Errorf("extensions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFragmentsThatDoubleThemselvesAreMeasuredAtOnce(t *testing.T) {
	t.Parallel()
	var query strings.Builder
	query.WriteString("{ ...F0 }")
	for i := range 60 {
		query.WriteString(" fragment F" + itoa(i) + " on Query { ...F" + itoa(i+1) + " ...F" + itoa(i+1) + " }")
	}
	query.WriteString(" fragment F60 on Query { rooted }")
	got := newShop(t, Limits{}).ask(t, query.String(), "")
	if !strings.Contains(got, "The request costs 2147483647; at most 100000 are allowed.") {
		t.Errorf("2^60 fields were answered with %s", got)
	}
}

func TestTheCacheKeepsGoodDocumentsOnly(t *testing.T) {
	t.Parallel()
	e := newShop(t, Limits{CachedDocuments: 1}).engine
	const good = `{ rooted }`
	first, err := e.Prepare(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{`{ nonsense }`, `{`, `{ rooted } #` + strings.Repeat("long", maxCachedBytes/4)} {
		_, _ = e.Prepare(t.Context(), other)
	}
	if again, _ := e.Prepare(t.Context(), good); again != first {
		t.Error("a refused or an oversized document has taken the place of a good one")
	}
}

func TestDocumentKnowsItsKind(t *testing.T) {
	t.Parallel()
	doc, err := newShop(t, Limits{}).engine.Prepare(t.Context(), `query Q { rooted } mutation M { do(what: "x") { after } }`)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Q": "query", "M": "mutation"} {
		if got, err := doc.Kind(name); got != want || err != nil {
			t.Errorf("Kind(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := doc.Kind("X"); err == nil || err.Error() != `The document holds no operation named "X", only Q, M.` {
		t.Errorf("Kind(X) = %v", err)
	}
}

func FuzzPrepare(f *testing.F) {
	for _, query := range []string{
		`{ rooted }`, `query($a: [Point!]! = [{x: 1}]) { echo(points: $a) ...F } fragment F on Query { pets { ... on Dog { barks } } }`,
		`mutation { do(what: """block "text" """) { after } }`, `{ echo(json: {a: [1, 2.5e3, null, RED, "\u00e9"]}, even: 4) @skip(if: false) }`,
		`{ __schema { types { name } } }`, `subscription { changed }`, `{ a: b(c: $d) { ...e @f } }`, "\xef\xbb\xbf{", `{ customers(first: -1) { nodes { id } } }`,
	} {
		f.Add(query)
	}
	s := newShop(f, Limits{Cost: 500})
	f.Fuzz(func(t *testing.T, query string) {
		doc, err := s.engine.Prepare(t.Context(), query)
		if (doc == nil) == (err == nil) {
			t.Fatalf("Prepare(%q) = %v, %v", query, doc, err)
		}
		if !strings.Contains(query, "wait") {
			text(t, s.engine.Execute(t.Context(), Request{Query: query}, "root"))
		}
		for _, failure := range s.logged {
			if failure.Field == "" {
				t.Fatalf("%q: %v\n%s", query, failure.Err, failure.Stack)
			}
		}
		s.logged = nil
	})
}
