package graphql

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

var deadLetter = graphql.NewObject(graphql.ObjectConfig{
	Name: "DeadLetter", Description: "An event that a plugin could not handle. It waits for an administrator, and no event waits for it.",
	Fields: graphql.Fields{
		"id":       part(graphql.NewNonNull(graphql.ID), func(d core.Delivery) any { return d.Event.ID }),
		"topic":    part(graphql.NewNonNull(graphql.String), func(d core.Delivery) any { return d.Event.Topic }),
		"key":      part(graphql.String, func(d core.Delivery) any { return optional(d.Event.Key) }),
		"at":       part(dateTime, func(d core.Delivery) any { return schema.Instant(d.Event.At) }),
		"attempts": part(graphql.Int, func(d core.Delivery) any { return d.Attempts }),
		"reason":   part(graphql.String, func(d core.Delivery) any { return optional(d.LastError) }),
		"deadAt":   part(dateTime, func(d core.Delivery) any { return schema.Instant(d.DeadAt) }),
		"payload":  part(anyJSON, payload),
		"cursor":   part(graphql.NewNonNull(graphql.String), func(d core.Delivery) any { return letterCursor(d) }),
	},
})

// payload is what a plugin has published; a change has none.
func payload(d core.Delivery) any {
	var value any
	if json.Unmarshal(d.Event.Payload, &value) != nil {
		return nil
	}
	return value
}

// letterCursor is where in the list a dead letter stands.
func letterCursor(d core.Delivery) string {
	return base64.RawURLEncoding.EncodeToString([]byte(schema.Instant(d.DeadAt) + " " + d.Event.ID))
}

// afterLetter is the zero Delivery for no cursor.
func afterLetter(cursor string) (core.Delivery, error) {
	if cursor == "" {
		return core.Delivery{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	at, id, _ := strings.Cut(string(raw), " ")
	dead, parseErr := time.Parse(schema.InstantFormat, at)
	if err != nil || parseErr != nil || id == "" {
		return core.Delivery{}, invalidArgument("after", "cursor", "is no cursor of this list")
	}
	return core.Delivery{DeadAt: dead, Event: core.Event{ID: id}}, nil
}

// deadLetters adds the list of events that were given up, and what can be done
// about them.
func (b *builder) deadLetters() {
	plugin := &graphql.ArgumentConfig{Type: graphql.NewNonNull(graphql.String)}
	b.addQuery(program, "deadLetters", (*sight).administers, &graphql.Field{
		Type: graphql.NewList(graphql.NewNonNull(deadLetter)), Description: "The events that a plugin could not handle, the longest dead first, for administrators.",
		Args: graphql.FieldConfigArgument{
			"plugin": plugin,
			"first":  {Type: graphql.Int, DefaultValue: b.PageSize},
			"after":  {Type: graphql.String, Description: "The cursor of the last one of the page before."},
		},
		Resolve: administered(pluginState, func(p graphql.ResolveParams) (any, error) {
			cursor, _ := p.Args["after"].(string)
			after, err := afterLetter(cursor)
			if err != nil {
				return nil, err
			}
			first, _ := p.Args["first"].(int)
			letters, err := b.Plugins.DeadLetters(p.Context, p.Args["plugin"].(string), after, max(1, min(first, b.MaxPageSize)))
			return append([]core.Delivery{}, letters...), err // no letter is an empty list, and not null
		}),
	})
	b.pageSizes[execution.FieldName{Type: "Query", Field: "deadLetters"}] = b.PageSize
	args := graphql.FieldConfigArgument{"plugin": plugin, "ids": {Type: graphql.NewNonNull(graphql.NewList(graphql.NewNonNull(graphql.ID)))}}
	add := func(name, description string, do func(ctx context.Context, plugin string, events []string) (int, error)) {
		b.addMutation(program, name, (*sight).administers, &graphql.Field{
			Type: graphql.Int, Description: description, Args: args,
			Resolve: administered(pluginState, func(p graphql.ResolveParams) (any, error) {
				var ids []string
				for _, id := range p.Args["ids"].([]any) {
					ids = append(ids, id.(string))
				}
				return answerOnce(p.Context, b, name, p.Args, func(ctx context.Context, _ string) (int, error) { return do(ctx, p.Args["plugin"].(string), ids) })
			}),
		})
	}
	add("replayDeadLetters", "Has events delivered again, and says how many there were.", b.Plugins.Replay)
	add("discardDeadLetters", "Forgets events for good, and says how many there were.", b.Plugins.Discard)
}
