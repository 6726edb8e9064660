package graphql

import (
	"context"
	"maps"
	"slices"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// turned is how many records of one entity a merge turns.
type turned struct {
	entity  string
	records int
}

var turnedReferences = graphql.NewObject(graphql.ObjectConfig{
	Name: "TurnedReferences", Description: "How many records of one entity were turned from the duplicate to the party that stays, of those that you see to refer to it. Deleted records, and those that you may not see, are turned without being counted.",
	Fields: graphql.Fields{
		"entity":  part(graphql.NewNonNull(graphql.String), func(t turned) any { return t.entity }),
		"records": part(graphql.NewNonNull(graphql.Int), func(t turned) any { return t.records }),
	},
})

// leftOver are the records of one entity that a merge deletes.
type leftOver struct {
	entity string
	ids    []string
}

var leftOverRecords = graphql.NewObject(graphql.ObjectConfig{
	Name: "MergedAwayRecords", Description: "Records of one entity that would lead to one party twice, such as a relationship between the two, of those that you see. They are deleted.",
	Fields: graphql.Fields{
		"entity": part(graphql.NewNonNull(graphql.String), func(l leftOver) any { return l.entity }),
		"ids":    part(nonNullList(graphql.ID), func(l leftOver) any { return l.ids }),
	},
})

func leftOvers(m party.Merger) any {
	list := []leftOver{}
	for _, entity := range slices.Sorted(maps.Keys(m.Deleted)) {
		list = append(list, leftOver{entity, m.Deleted[entity]})
	}
	return list
}

// parties adds what is done with a party as a whole.
func (b *builder) parties() {
	e := b.Model.Entity("party")
	if b.Parties == nil || e == nil {
		return
	}
	of := part[party.Merger]
	fields := func(description string, paths func(party.Merger) []string) *graphql.Field {
		f := of(nonNullList(graphql.String), func(m party.Merger) any { return append([]string{}, paths(m)...) })
		f.Description = description
		return f
	}
	merged := b.own(graphql.ObjectConfig{Name: "PartyMerge", Description: "What a merge came to, or would come to.", Fields: graphql.Fields{
		"party":      of(b.entity(e), func(m party.Merger) any { return seen(m.Party) }),
		"outcome":    of(graphql.NewNonNull(outcome), func(m party.Merger) any { return m.Done }),
		"references": of(nonNullList(turnedReferences), references),
		"deleted":    of(nonNullList(leftOverRecords), leftOvers),
		"taken":      fields("The fields that the party has from the duplicate.", func(m party.Merger) []string { return m.Taken }),
		"kept":       fields("The fields of which both had a value: the party's own stays.", func(m party.Merger) []string { return m.Kept }),
	}})
	b.addMutation(program, "mergeParties", func(s *sight) bool { return s.does(e, core.Merged, "") }, &graphql.Field{
		Type: merged,
		Description: "Makes one party of two: what refers to the duplicate refers to the other from then on, which gets what it lacks, " +
			"and the duplicate is deleted. A merge that was cut off goes on by itself, unless the duplicate was changed or restored meanwhile.",
		Args: graphql.FieldConfigArgument{
			"from":   {Type: graphql.NewNonNull(graphql.ID), Description: "The duplicate."},
			"into":   {Type: graphql.NewNonNull(graphql.ID), Description: "The party that stays."},
			"dryRun": dryRun,
		},
	})
	b.resolve("Mutation", "mergeParties", func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		into := p.Args["into"].(string)
		var now *core.Record
		result, err := answerOnce(ctx, b, "mergeParties", p.Args, func(ctx context.Context, _ string) (party.Merger, error) {
			m, err := b.Parties.Merge(budget.Without(ctx), b.Basis, ActorFrom(ctx), p.Args["from"].(string), into, p.Args["dryRun"] == true)
			now, m.Party = m.Party, nil // no values are kept with a key
			return m, err
		})
		if err == nil {
			result.Party, err = b.partyNow(ctx, e, now, into)
		}
		return one(result, b.told(ctx, e, err))
	})
	b.erasure(e)
	b.addQuery(program, "exportParty", (*sight).administers, &graphql.Field{
		Type: anyJSON, Args: graphql.FieldConfigArgument{"id": id},
		Description: "All that is kept about a party, in one document, for administrators. What is missing in it stands under problems.",
	})
	b.resolve("Query", "exportParty", func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		document, err := b.Parties.Export(ctx, b.Basis, ActorFrom(ctx), p.Args["id"].(string))
		return one(document, err)
	})
}

var clearedRecords = graphql.NewObject(graphql.ObjectConfig{
	Name: "ClearedRecords", Description: "Which fields the records of one entity lost, and how many records lost any.",
	Fields: graphql.Fields{
		"entity":  part(graphql.NewNonNull(graphql.String), func(c party.Cleared) any { return c.Entity }),
		"records": part(graphql.NewNonNull(graphql.Int), func(c party.Cleared) any { return c.Records }),
		"fields":  part(nonNullList(graphql.String), func(c party.Cleared) any { return c.Fields }),
	},
})

func (b *builder) erasure(e *schema.Entity) {
	of := part[party.Erasure]
	erased := b.own(graphql.ObjectConfig{Name: "PartyErasure", Description: "What an erasure came to, or would come to.", Fields: graphql.Fields{
		"party":   of(b.entity(e), func(r party.Erasure) any { return seen(r.Party) }),
		"outcome": of(graphql.NewNonNull(outcome), func(r party.Erasure) any { return r.Done }),
		"cleared": of(nonNullList(clearedRecords), func(r party.Erasure) any { return append([]party.Cleared{}, r.Cleared...) }),
	}})
	b.addMutation(program, "eraseParty", (*sight).administers, &graphql.Field{
		Type: erased, Args: graphql.FieldConfigArgument{"id": id, "dryRun": dryRun},
		Description: "Takes what says something about a person out of a party, its duplicates and all records that refer to them, and out of their history, for administrators. " +
			"Nothing brings it back. An erasure that was cut off is finished by itself.",
	})
	b.resolve("Mutation", "eraseParty", func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		id := p.Args["id"].(string)
		var now *core.Record
		result, err := answerOnce(ctx, b, "eraseParty", p.Args, func(ctx context.Context, _ string) (party.Erasure, error) {
			r, err := b.Parties.Erase(budget.Without(ctx), b.Basis, ActorFrom(ctx), id, p.Args["dryRun"] == true)
			now, r.Party = r.Party, nil
			return r, err
		})
		if err == nil {
			result.Party, err = b.partyNow(ctx, e, now, id)
		}
		return one(result, err)
	})
}

// partyNow is a party as it came out of what was done, or, when that was done before, as it
// is now.
func (b *builder) partyNow(ctx context.Context, e *schema.Entity, done *core.Record, id string) (*core.Record, error) {
	if done != nil {
		return done, nil
	}
	found, err := b.session(ctx).Find(ctx, e, core.Query{Filter: record.ByIDs([]string{id}), First: 1, Deleted: true})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

func one(value any, err error) ([]any, []error) {
	if err != nil {
		return nil, []error{err}
	}
	return []any{value}, nil
}

func references(m party.Merger) any {
	list := []turned{}
	for _, entity := range slices.Sorted(maps.Keys(m.References)) {
		list = append(list, turned{entity, m.References[entity]})
	}
	return list
}
