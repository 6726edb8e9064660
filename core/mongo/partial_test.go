package mongo

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// TestWhatARoleAddsIsServedFromIndexesOfItsHolders asks the server how it would find
// parties by what only some of them have.
func TestWhatARoleAddsIsServedFromIndexesOfItsHolders(t *testing.T) {
	b := grown(t, 3000)
	customer, supplier := b.model.Entity("customer"), b.model.Entity("supplier")
	in := func(role *schema.Entity, raw object) schema.Filter {
		return schema.All(role.HasRole(), parsed(t, b.model, role, raw))
	}
	number := schema.Filter{Path: "customer.number", Op: schema.OpIn, Value: []any{"C-0000007"}, Field: customer.Field("number")}
	for name, tt := range map[string]struct {
		query core.Query
		want  []string // any of these
	}{
		"a day":                    {core.Query{Filter: in(customer, object{"customerSince": object{"eq": "2005-06-01"}})}, []string{"by:roles=customer,customer.customerSince"}},
		"a stretch of days":        {core.Query{Filter: in(customer, object{"customerSince": object{"lt": "2000-04-01"}})}, []string{"by:roles=customer,customer.customerSince"}},
		"a text":                   {core.Query{Filter: in(supplier, object{"category": object{"eq": "Category 7"}})}, []string{"by:roles=supplier,_sort.supplier.category"}},
		"a beginning":              {core.Query{Filter: in(supplier, object{"category": object{"startsWith": "Category 7"}})}, []string{"by:roles=supplier,_sort.supplier.category"}},
		"a unique value":           {core.Query{Filter: in(customer, object{"number": object{"eq": "C-0000007"}})}, []string{"live:customer.number", "with:customer.number", "by:roles=customer,customer.number"}},
		"what a merged record had": {core.Query{Filter: number, Deleted: true}, []string{"with:customer.number"}},
		"who refers":               {core.Query{Filter: schema.Filter{Path: "customer.accountManager", Op: schema.OpEq, Value: storetest.GrownID(7), Field: customer.Field("accountManager")}}, []string{"by:customer.accountManager"}},
		"a page from a position":   {core.Query{Filter: customer.HasRole(), OrderBy: []core.Order{customer.OrderAt("customer.customerSince", false)}, After: []any{"2024-12-01", "x"}}, []string{"by:roles=customer,customer.customerSince"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.query.First = 20
			plan := explainQuery(t, b.Store, b.party, tt.query)
			if used := indexesIn(t, plan); !slices.ContainsFunc(tt.want, func(name string) bool { return slices.Contains(used, name) }) {
				t.Errorf("the server would use the indexes %q; want one of %q:\n%s", used, tt.want, plan)
			}
		})
	}
}

// A page that began with an index which lacks some of its records would read all of
// them, or be without these.
func TestAnIndexOfSomeRecordsServesNoOthers(t *testing.T) {
	customer := bson.E{Key: "roles", Value: bson.D{{Key: "$in", Value: bson.A{"customer"}}}}
	supplier := bson.E{Key: "roles", Value: bson.D{{Key: "$in", Value: bson.A{"supplier"}}}}
	both := bson.E{Key: "roles", Value: bson.D{{Key: "$in", Value: bson.A{"customer", "supplier"}}}}
	segment := bson.E{Key: "customer.segment", Value: "A"}
	raw := func(value any) bson.E { return bson.E{Key: "phone.raw", Value: value} }
	either := func(of ...bson.D) bson.E { return anyOf(of)[0] }
	indexes := []pageIndex{
		pageIndexOf(holding("customer", "customer.segment")), pageIndexOf(holding("customer", "_sort.displayName")), pageIndexOf(having("phone.raw")),
	}
	for name, tt := range map[string]struct {
		selected bson.D
		ways     []bson.D
		ordered  bool // by the name
	}{
		"what a role adds":          {bson.D{customer, segment}, []bson.D{{customer, segment}, {customer}}, true},
		"without the role":          {bson.D{segment}, nil, false},
		"of another role":           {bson.D{supplier, segment}, nil, false},
		"of either role":            {bson.D{both, segment}, nil, false},
		"a value":                   {bson.D{raw("030")}, []bson.D{{raw("030")}}, false},
		"one of two values":         {bson.D{raw(bson.D{{Key: "$in", Value: bson.A{"030", "031"}}})}, []bson.D{{raw(bson.D{{Key: "$in", Value: bson.A{"030", "031"}}})}}, false},
		"a value or none":           {bson.D{raw(bson.D{{Key: "$in", Value: bson.A{"030", nil}}})}, nil, false},
		"no value":                  {bson.D{raw(nil)}, nil, false},
		"any value":                 {bson.D{raw(bson.D{{Key: "$ne", Value: nil}})}, nil, false},
		"one of two, within a role": {bson.D{customer, either(bson.D{segment}, bson.D{raw("030")})}, []bson.D{{customer}, {either(bson.D{customer, segment}, bson.D{raw("030")})}}, true},
		"one of two, outside":       {bson.D{either(bson.D{segment}, bson.D{raw("030")})}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			all := conditionsOf(tt.selected)
			got, want := ways(indexes, all, nil), tt.ways
			if !slices.EqualFunc(got, want, func(a, b bson.D) bool { return written(t, a) == written(t, b) }) {
				t.Errorf("it begins with %v; want %v", got, want)
			}
			byName := bestOrder(indexes, all, bson.D{{Key: "_sort.displayName", Value: 1}, {Key: idField, Value: 1}})
			if (byName != nil) != tt.ordered {
				t.Errorf("an index has the order: %v; want %v", byName != nil, tt.ordered)
			}
		})
	}
}

// Of a database that an earlier version has prepared, what was of all records goes.
func TestIndexesOfAllGiveWayToThoseOfARole(t *testing.T) {
	b := grown(t, 20)
	list := func() (names []string) {
		t.Helper()
		there, err := b.collection(b.party).Indexes().ListSpecifications(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, index := range there {
			names = append(names, index.Name)
		}
		slices.Sort(names)
		return names
	}
	want := list()
	former := []driver.IndexModel{
		ordered("customer.number"), ordered("customer.segment"), ordered("roles", "customer.segment"), ordered("supplier.category"), ordered("roles", "_sort.supplier.category"),
		ordered("phone.raw"), ordered("externalId"), ordered("roles", "customer.customerSince"),
	}
	if _, err := b.collection(b.party).Indexes().CreateMany(t.Context(), former); err != nil {
		t.Fatal(err)
	}
	if err := b.Prepare(t.Context(), b.model); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, list()); diff != "" {
		t.Errorf("indexes: -want +got:\n%s", diff)
	}
}
