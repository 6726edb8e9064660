package graphql

import (
	"fmt"
	"strings"

	"github.com/graphql-go/graphql"
)

// common are the types that are the same in every API.
var common = []graphql.Type{
	graphql.ID, graphql.String, graphql.Boolean, graphql.Int, graphql.Float, // GraphQL has Float though nothing here is one
	long, decimal, date, dateTime, anyJSON,
	outcome, direction, pageInfo, historyEntry, historyChange,
	turnedReferences, leftOverRecords, clearedRecords, findingKind, checkFinding, databaseCheck, failedCalls, backlogInfo, jobInfo, serviceInfo, deadLetter,
}

// reserve keeps the names of the types that are made without the model.
func (b *builder) reserve() {
	names := []string{"Query", "Mutation", "Subscription"}
	for _, t := range common {
		names = append(names, t.Name())
	}
	for _, name := range names {
		b.claim("type", name, claim{thing: ofProgram(name)})
	}
}

// allOwned finds the types that were made without an owner, which is a mistake
// of this package.
func (b *builder) allOwned(s graphql.Schema) error {
	for name := range s.TypeMap() {
		if _, owned := b.owners["the type "+name]; !owned && !strings.HasPrefix(name, "__") {
			return fmt.Errorf("the type %s has no owner", name)
		}
	}
	return nil
}

// declare makes the type of a thing, or of what is made of it, once.
func declare[T graphql.Type](b *builder, t thing, suffix string, make func(name string) T) (of T, isNew bool) {
	c := claim{t, suffix}
	if of, ok := b.types[c].(T); ok {
		return of, false
	}
	of = make(t.prefix + suffix)
	b.types[c] = of
	b.claim("type", t.prefix+suffix, c)
	return of, true
}

// object declares an object type whose fields may be added until the schema
// is made.
func (b *builder) object(t thing, suffix, description string) (o *graphql.Object, isNew bool) {
	return declare(b, t, suffix, func(name string) *graphql.Object {
		return graphql.NewObject(graphql.ObjectConfig{Name: name, Description: description, Fields: graphql.Fields{}})
	})
}

// own declares an object type of the program.
func (b *builder) own(c graphql.ObjectConfig) *graphql.Object {
	o, _ := declare(b, ofProgram(c.Name), "", func(string) *graphql.Object { return graphql.NewObject(c) })
	return o
}

// input declares an input type; its fields are made when all are declared.
func (b *builder) input(t thing, suffix, description string, fields func() graphql.InputObjectConfigFieldMap) *graphql.InputObject {
	i, isNew := declare(b, t, suffix, func(name string) *graphql.InputObject {
		return graphql.NewInputObject(graphql.InputObjectConfig{
			Name: name, Description: description, Fields: graphql.InputObjectConfigFieldMapThunk(fields),
		})
	})
	if isNew {
		b.inputs = append(b.inputs, i)
	}
	return i
}

// addQuery adds a field to Query, unless another thing has one of that name. who
// sees it; nil for everybody.
func (b *builder) addQuery(t thing, name string, who condition, f *graphql.Field) {
	if b.claim("query", name, claim{thing: t}) {
		b.query[name] = f
		b.views.onlyFor("Query", name, t.onPages(who))
	}
}

func (b *builder) addMutation(t thing, name string, who condition, f *graphql.Field) {
	if b.claim("mutation", name, claim{thing: t}) {
		if b.Once != nil {
			f.Args = withKey(f.Args)
		}
		b.mutation[name] = f
		b.views.onlyFor("Mutation", name, t.onPages(who))
	}
}

func (b *builder) addSubscription(t thing, name string, who condition, f *graphql.Field) {
	if b.claim("subscription", name, claim{thing: t}) {
		b.subscription[name] = f
		b.views.onlyFor("Subscription", name, t.onPages(who))
	}
}
