package execution

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sights are the viewer of a shop: a context names what it does not see.
type sights struct{ asked atomic.Int32 }

type blindKey struct{}

func blindTo(t *testing.T, elements string) context.Context {
	t.Helper()
	return context.WithValue(t.Context(), blindKey{}, elements)
}

func (*sights) View(ctx context.Context) string {
	name, _ := ctx.Value(blindKey{}).(string)
	return name
}

func (s *sights) Shows(ctx context.Context) func(Element) bool {
	s.asked.Add(1)
	hidden := strings.Fields(s.View(ctx))
	return func(e Element) bool {
		name := e.Type + "." + e.Member
		if e.Argument != "" {
			name += "(" + e.Argument + ")"
		}
		for _, one := range hidden {
			if one == name {
				return false
			}
		}
		return true
	}
}

func (s *shop) watched() *sights {
	v := &sights{}
	s.engine.viewer = v
	return v
}

func (s *shop) askAs(t *testing.T, ctx context.Context, query string) string {
	t.Helper()
	result := s.engine.Execute(ctx, Request{Query: query}, "root")
	result.Extensions = nil
	return text(t, result)
}

func TestAViewHasNoMoreThanWhatItShows(t *testing.T) {
	t.Parallel()
	const explained = " If it exists, your roles do not allow it; ask an administrator."
	tests := map[string]struct{ hidden, query, want string }{
		"a field": {
			"Customer.orders", `{ customers { nodes { orders { totalCount } } } }`,
			`{"errors":[{"message":"Cannot query field \"orders\" on type \"Customer\".` + explained + `","locations":[{"line":1,"column":23}],"extensions":{"code":"INVALID"}}]}`,
		},
		"the types behind it": {
			"Customer.orders", `{ order: __type(name: "Order") { name } line: __type(name: "Line") { name } customer: __type(name: "Customer") { fields { name } } }`,
			`{"data":{"order":null,"line":null,"customer":{"fields":[{"name":"id"},{"name":"name"}]}}}`,
		},
		"an argument": {
			"Query.customers(last)", `{ customers(last: 1) { totalCount } }`,
			`{"errors":[{"message":"Unknown argument \"last\" on field \"Query.customers\".` + explained + `","locations":[{"line":1,"column":3}],"extensions":{"code":"INVALID"}}]}`,
		},
		"an argument in introspection": {
			"Customer.orders(last)", `{ __type(name: "Customer") { fields { name args { name } } } }`,
			`{"data":{"__type":{"fields":[{"name":"id","args":[]},{"name":"name","args":[]},{"name":"orders","args":[{"name":"first"}]}]}}}`,
		},
		"a type that loses all, and what needs it": {
			"Done.after", `mutation { do(what: "x") { after } }`,
			`{"errors":[{"message":"Your roles allow no mutation; ask an administrator.","locations":[{"line":1,"column":1}],"extensions":{"code":"INVALID"}}]}`,
		},
		"the root that has gone": {
			"Done.after", `{ __schema { mutationType { name } queryType { name } } }`,
			`{"data":{"__schema":{"mutationType":null,"queryType":{"name":"Query"}}}}`,
		},
		"a value": {
			"Color.RED", `{ __type(name: "Color") { enumValues { name } } }`,
			`{"data":{"__type":{"enumValues":[{"name":"BLUE"}]}}}`,
		},
		"nothing": {"Customer.nothing", `{ customers(first: 1) { totalCount } }`, `{"data":{"customers":{"totalCount":1}}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, Limits{})
			s.watched()
			if diff := cmp.Diff(tt.want, s.askAs(t, blindTo(t, tt.hidden), tt.query)); diff != "" {
				t.Errorf("%s, blind to %s (-want +got):\n%s", tt.query, tt.hidden, diff)
			}
		})
	}
}

// A document is held against what its sender sees, however well it is known.
func TestAKnownDocumentIsKnownToThoseWhoSeeTheSame(t *testing.T) {
	t.Parallel()
	s := newShop(t, Limits{})
	v := s.watched()
	const query = `{ customers(first: 1) { nodes { orders { totalCount } } } }`
	all, blind := `{"data":{"customers":{"nodes":[{"orders":{"totalCount":2}}]}}}`, "Cannot query field"
	for range 2 {
		if got := s.askAs(t, t.Context(), query); got != all {
			t.Errorf("who sees all is answered with %s", got)
		}
		if got := s.askAs(t, blindTo(t, "Customer.orders"), query); !strings.Contains(got, blind) {
			t.Errorf("who does not see it is answered with %s", got)
		}
	}
	if asked := v.asked.Load(); asked != 1 {
		t.Errorf("the viewer was asked %d times what is seen, want once", asked)
	}
	for i := range MaxViews + 1 {
		s.askAs(t, blindTo(t, fmt.Sprint("Other.", i)), query)
	}
	if kept := s.engine.views.Len(); kept != MaxViews {
		t.Errorf("%d views are kept, want %d", kept, MaxViews)
	}
}
