package execution

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/graphql-go/graphql"
)

// news is a schema with one subscription that tells what it is told to.
func news(t *testing.T, source Source) *Engine {
	t.Helper()
	article := graphql.NewObject(graphql.ObjectConfig{Name: "Article", Fields: graphql.Fields{
		"title": {Type: graphql.String},
		"text": {Type: graphql.String, Resolve: func(graphql.ResolveParams) (any, error) {
			return nil, refusal{"Subscribers only.", "FORBIDDEN"}
		}},
	}})
	schema, err := graphql.NewSchema(graphql.SchemaConfig{
		Query: graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: graphql.Fields{"title": {Type: graphql.String}}}),
		Subscription: graphql.NewObject(graphql.ObjectConfig{Name: "Subscription", Fields: graphql.Fields{
			"published": {Type: graphql.NewList(article), Args: args(map[string]graphql.Input{"about": graphql.NewNonNull(graphql.String)})},
		}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	field := FieldName{"Subscription", "published"}
	e, err := New(Config{
		Schema:    schema,
		Sources:   map[FieldName]Source{field: source},
		Batch:     map[FieldName]BatchResolve{field: func(_ context.Context, p BatchParams) ([]any, []error) { return p.Parents, nil }},
		RequestID: func(context.Context) string { return "r1" },
		Limits:    Limits{Cost: 100},
		PageSizes: map[FieldName]int{field: 20},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// tells gives the titles one by one, each as a list of one article, and then
// the error if there is one.
func tells(err error, titles ...string) Source {
	return func(_ context.Context, args map[string]any) iter.Seq2[any, error] {
		return func(yield func(any, error) bool) {
			for _, title := range titles {
				if !yield([]any{map[string]any{"title": title + " about " + args["about"].(string)}}, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
			}
		}
	}
}

func TestASubscriptionAnswersEachEventLikeAQuery(t *testing.T) {
	t.Parallel()
	const query = `subscription { published(about: "cats") { title } }`
	at := func(message, code string) string {
		return `{"errors":[{"message":"` + message + `","locations":[{"line":1,"column":16}],"path":["published"],"extensions":{"code":"` + code + `"}}]}`
	}
	none := func(message string) string {
		return `{"errors":[{"message":"` + message + `","locations":[{"line":1,"column":1}],"extensions":{"code":"INVALID"}}]}`
	}
	const hidden = `{"errors":[{"message":"Something went wrong on our side; the details are in the server's log under request r1.","path":["published"],"extensions":{"code":"INTERNAL"}}]}`
	tests := map[string]struct {
		query  string
		source Source
		want   []string
	}{
		"two events": {query, tells(nil, "Rex", "Tom"), []string{
			`{"data":{"published":[{"title":"Rex about cats"}]}}`, `{"data":{"published":[{"title":"Tom about cats"}]}}`,
		}},
		"no event": {query, tells(nil), nil},
		"a field that fails ends nothing": {`subscription { published(about: "cats") { text } }`, tells(nil, "Rex", "Tom"), []string{
			`{"errors":[{"message":"Subscribers only.","locations":[{"line":1,"column":43}],"path":["published",0,"text"],"extensions":{"code":"FORBIDDEN"}}],"data":{"published":[{"text":null}]}}`,
			`{"errors":[{"message":"Subscribers only.","locations":[{"line":1,"column":43}],"path":["published",0,"text"],"extensions":{"code":"FORBIDDEN"}}],"data":{"published":[{"text":null}]}}`,
		}},
		"a source that fails": {query, tells(refusal{"The press is broken.", "UNAVAILABLE"}, "Rex"), []string{
			`{"data":{"published":[{"title":"Rex about cats"}]}}`, at("The press is broken.", "UNAVAILABLE"),
		}},
		"a source that fails in secret": {query, tells(errors.New("password=secret")), []string{hidden}},
		"a source that panics": {query, func(context.Context, map[string]any) iter.Seq2[any, error] {
			return func(func(any, error) bool) { panic("secret") }
		}, []string{hidden}},
		"two fields under one name": {`subscription { a: published(about: "a") { title } b: published(about: "b") { title } }`, tells(nil, "Rex"), []string{
			none("A subscription must select exactly one field, not 2."),
		}},
		"no field": {`subscription { published(about: "a") @skip(if: true) { title } }`, tells(nil, "Rex"), []string{
			none("A subscription must select exactly one field, not 0."),
		}},
		"a query": {`{ title }`, nil, []string{none("Only a subscription has events; this is a query.")}},
		"a variable that is missing": {`subscription($a: String!) { published(about: $a) { title } }`, tells(nil, "Rex"), []string{
			`{"errors":[{"message":"Variable \"$a\" of required type \"String!\" was not provided.","locations":[{"line":1,"column":14}],"extensions":{"code":"INVALID"}}]}`,
		}},
		"what costs too much": {`subscription { published(about: "a") { a: title b: title c: title d: title e: title } }`, tells(nil, "Rex"), []string{
			`{"errors":[{"message":"The request costs 101; at most 100 are allowed. Ask for smaller pages (first, last) or fewer fields.","locations":[{"line":1,"column":16}],"extensions":{"code":"INVALID"}}]}`,
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.source == nil {
				tt.source = tells(nil)
			}
			var got []string
			for result := range news(t, tt.source).Subscribe(t.Context(), Request{Query: tt.query}) {
				result.Extensions = nil
				got = append(got, text(t, result))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.query, diff)
			}
		})
	}
}

func TestASubscriptionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := false
	source := func(ctx context.Context, _ map[string]any) iter.Seq2[any, error] {
		return func(yield func(any, error) bool) {
			yield([]any{}, nil)
			<-ctx.Done()
			yield(nil, ctx.Err())
			ended = true
		}
	}
	answers := 0
	for range news(t, source).Subscribe(ctx, Request{Query: `subscription { published(about: "a") { title } }`}) {
		answers++
		cancel()
	}
	if answers != 1 || !ended {
		t.Errorf("%d answers, and the source has ended: %v; want 1, true", answers, ended)
	}
}

func TestAPanicOfTheReceiverIsNotTheSources(t *testing.T) {
	t.Parallel()
	defer func() {
		if got := recover(); got != "mine" {
			t.Errorf("panic %v, want mine", got)
		}
	}()
	for range news(t, tells(nil, "Rex")).Subscribe(t.Context(), Request{Query: `subscription { published(about: "a") { title } }`}) {
		panic("mine")
	}
}

func TestSourcesAndSubscriptionsBelongTogether(t *testing.T) {
	t.Parallel()
	text := graphql.Fields{"said": {Type: graphql.String}}
	schema, err := graphql.NewSchema(graphql.SchemaConfig{
		Query:        graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: text}),
		Subscription: graphql.NewObject(graphql.ObjectConfig{Name: "Subscription", Fields: text}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for want, sources := range map[string]map[FieldName]Source{
		"no source is given for the subscription said":                     nil,
		"a source is given for Query.said, which is no subscription":       {{"Query", "said"}: tells(nil)},
		"a source is given for Subscription.sad, which is no subscription": {{"Subscription", "sad"}: tells(nil)},
	} {
		if _, err := New(Config{Schema: schema, Sources: sources}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("New: %v; want %s", err, want)
		}
	}
}
