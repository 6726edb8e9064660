package mongo

import (
	"errors"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

type object = map[string]any

// written is a document as extended JSON in the order of its keys.
func written(t *testing.T, d any) string {
	t.Helper()
	text, err := bson.MarshalExtJSON(d, false, false)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFiltersAreWrittenInMongoDBsLanguage(t *testing.T) {
	tests := map[string]struct {
		filter object
		want   string
	}{
		"no filter":                          {object{}, `{}`},
		"eq":                                 {object{"name": object{"eq": "Ada"}}, `{"name":"Ada"}`},
		"ne":                                 {object{"name": object{"ne": "Ada"}}, `{"name":{"$ne":"Ada"}}`},
		"the id is MongoDB's":                {object{"id": object{"eq": "1"}}, `{"_id":"1"}`},
		"a decimal is exact":                 {object{"weight": object{"gte": "12.5"}}, `{"weight":{"$gte":{"$numberDecimal":"12.5"}}}`},
		"an amount is exact":                 {object{"price": object{"amount": object{"in": []any{"1", "2.5"}}}}, `{"price.amount":{"$in":[{"$numberDecimal":"1"},{"$numberDecimal":"2.5"}]}}`},
		"an instant is a date":               {object{"at": object{"lt": "2026-02-28T09:30:00.000Z"}}, `{"at":{"$lt":{"$date":"2026-02-28T09:30:00Z"}}}`},
		"in nothing":                         {object{"name": object{"in": []any{}}}, `{"name":{"$in":[]}}`},
		"isNull":                             {object{"name": object{"isNull": true}}, `{"name":null}`},
		"isNull false":                       {object{"name": object{"isNull": false}}, `{"name":{"$ne":null}}`},
		"an index has an amount":             {object{"price": object{"isNull": false}}, `{"price.amount":{"$ne":null}}`},
		"an index has a number as typed":     {object{"phone": object{"isNull": true}}, `{"phone.raw":null}`},
		"signs stand for themselves":         {object{"name": object{"contains": "a.b*"}}, `{"name":{"$regex":"a\\.b\\*"}}`},
		"a beginning can use an index":       {object{"name": object{"startsWith": "a."}}, `{"name":{"$regex":"^a\\."}}`},
		"an end is the very end":             {object{"name": object{"endsWith": "a"}}, `{"name":{"$regex":"a\\z"}}`},
		"fields go into one document":        {object{"name": object{"eq": "a"}, "color": object{"eq": "red"}}, `{"color":"red","name":"a"}`},
		"twice the same field needs $and":    {object{"size": object{"gt": int64(1), "lt": int64(9)}}, `{"$and":[{"size":{"$gt":1}},{"size":{"$lt":9}}]}`},
		"or":                                 {object{"or": []any{object{"size": object{"eq": int64(1)}}, object{"name": object{"eq": "a"}}}}, `{"$or":[{"size":1},{"name":"a"}]}`},
		"or of nothing":                      {object{"or": []any{}}, `{"_id":{"$in":[]}}`},
		"not of or of nothing":               {object{"not": object{"or": []any{}}}, `{}`},
		"or with everything":                 {object{"or": []any{object{"size": object{"eq": int64(1)}}, object{"and": []any{}}}}, `{}`},
		"and with nothing":                   {object{"and": []any{object{"size": object{"eq": int64(1)}}, object{"or": []any{}}}}, `{"_id":{"$in":[]}}`},
		"not":                                {object{"not": object{"size": object{"gt": int64(1)}}}, `{"$nor":[{"size":{"$gt":1}}]}`},
		"some value in its plainest form":    {object{"tags": object{"some": object{"eq": "x"}}}, `{"tags":{"$in":["x"]}}`},
		"some value between":                 {object{"sizes": object{"some": object{"gte": int64(2), "lt": int64(5)}}}, `{"sizes":{"$elemMatch":{"$gte":2,"$lt":5}}}`},
		"of two bounds the tighter":          {object{"sizes": object{"some": object{"gte": int64(2), "gt": int64(2)}}}, `{"sizes":{"$elemMatch":{"$gt":2}}}`},
		"some value is there":                {object{"tags": object{"some": object{"isNull": false}}}, `{"tags.0":{"$exists":true}}`},
		"none":                               {object{"tags": object{"none": object{"eq": "x"}}}, `{"$nor":[{"tags":{"$in":["x"]}}]}`},
		"every is none of the opposite":      {object{"sizes": object{"every": object{"gt": int64(2)}}}, `{"$nor":[{"sizes":{"$elemMatch":{"$lte":2}}}]}`},
		"some object is one and the same":    {object{"lines": object{"some": object{"part": object{"eq": "p"}, "quantity": object{"gt": "1"}}}}, `{"lines":{"$elemMatch":{"part":"p","quantity":{"$gt":{"$numberDecimal":"1"}}}}}`},
		"a list in a list":                   {object{"lines": object{"some": object{"marks": object{"some": object{"eq": "m"}}}}}, `{"lines":{"$elemMatch":{"marks":{"$in":["m"]}}}}`},
		"alternatives among values":          {object{"tags": object{"some": object{"eq": "x", "startsWith": "x"}}}, `{"tags":{"$elemMatch":{"$in":["x"],"$regex":"^(?=^x)"}}}`},
		"every of what ends and what starts": {object{"tags": object{"every": object{"endsWith": "x"}}}, `{"$nor":[{"tags":{"$elemMatch":{"$regex":"^(?![\\s\\S]*x\\z)"}}}]}`},
	}
	m := model(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := m.ParseFilter(m.Entity("thing"), tt.filter, true)
			if err != nil {
				t.Fatal(err)
			}
			d, err := where(f)
			if err != nil {
				t.Fatal(err)
			}
			if got := written(t, d); got != tt.want {
				t.Errorf("where(%v)\n got %s\nwant %s", tt.filter, got, tt.want)
			}
		})
	}
}

func TestFiltersThatNoStoreCanAnswerAreErrors(t *testing.T) {
	name := model(t).Entity("thing").Field("name")
	weight := model(t).Entity("thing").Field("weight")
	tests := map[string]struct {
		filter schema.Filter
		want   string
	}{
		"a variable without a value": {
			schema.Filter{Path: "name", Op: schema.OpEq, Value: schema.Var("user.id"), Field: name},
			"the filter's variable $user.id has no value",
		},
		"another record": {
			schema.Filter{Path: "owner", Op: schema.OpTo, Sub: &schema.Filter{}, Field: name},
			"what is behind the reference owner was not looked up",
		},
		"a decimal that is none": {
			schema.Filter{Path: "weight", Op: schema.OpEq, Value: "much", Field: weight},
			`The filter on weight compares with something that is no decimal. ("much" is no canonical decimal)`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := where(tt.filter); err == nil || err.Error() != tt.want {
				t.Errorf("where(%+v): %v; want %s", tt.filter, err, tt.want)
			}
		})
	}
}

func TestAFilterOnItemsThatGrowsTooBigIsRefused(t *testing.T) {
	tags := model(t).Entity("thing").Field("tags")
	either := schema.Filter{Or: []schema.Filter{
		{Op: schema.OpStartsWith, Value: "a", Field: tags.Of}, {Op: schema.OpStartsWith, Value: "b", Field: tags.Of},
	}}
	all := schema.Filter{}
	for range 12 {
		all.And = append(all.And, either)
	}
	_, err := where(schema.Filter{Path: "tags", Op: schema.OpSome, Sub: &all, Field: tags})
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Message != "The filter on a list's items nests too many alternatives. Simplify it." {
		t.Errorf("where returned %v; want the filter refused", err)
	}
}
