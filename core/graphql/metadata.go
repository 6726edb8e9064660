package graphql

import (
	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// metadata adds entities and entity: the model itself, for programs that work
// with any entity, such as the import and forms.
func (b *builder) metadata() {
	language := graphql.FieldConfigArgument{"language": {Type: graphql.String, DefaultValue: "en", Description: "The language of the text; English where it is missing."}}
	option := b.own(graphql.ObjectConfig{Name: "OptionInfo", Description: "A value of an enum or state.", Fields: graphql.Fields{
		"value": {Type: graphql.NewNonNull(graphql.String), Resolve: of(func(o schema.Option, _ string) any { return o.Value })},
		"label": {Type: graphql.NewNonNull(graphql.String), Args: language, Resolve: of(func(o schema.Option, l string) any {
			if label := o.Labels.In(l); label != "" {
				return label
			}
			return o.Value
		})},
		"deprecated": {Type: graphql.String, Description: "Why no record gets the value any more; null while it can be chosen. Records that have it keep it.", Resolve: of(func(o schema.Option, _ string) any { return optional(o.Deprecated) })},
		"initial":    {Type: graphql.NewNonNull(graphql.Boolean), Description: "Of a state: a record may begin here.", Resolve: of(func(o schema.Option, _ string) any { return o.Initial })},
		"next":       {Type: nonNullList(graphql.String), Description: "Of a state: where a record goes from here.", Resolve: of(func(o schema.Option, _ string) any { return append([]string{}, o.Next...) })},
	}})
	field := b.own(graphql.ObjectConfig{Name: "FieldInfo", Description: "A field of an entity.", Fields: graphql.Fields{
		"name":        {Type: graphql.NewNonNull(graphql.String), Resolve: of(func(f *schema.Field, _ string) any { return f.Name })},
		"type":        {Type: graphql.NewNonNull(graphql.String), Description: "A type of the entity language, such as text or reference.", Resolve: of(func(f *schema.Field, _ string) any { return f.Type })},
		"label":       {Type: graphql.NewNonNull(graphql.String), Args: language, Resolve: of(func(f *schema.Field, l string) any { return f.Label(l) })},
		"description": {Type: graphql.String, Args: language, Resolve: of(func(f *schema.Field, l string) any { return optional(f.Description.In(l)) })},
		"required":    {Type: graphql.NewNonNull(graphql.Boolean), Resolve: of(func(f *schema.Field, _ string) any { return f.Required })},
		"unique":      {Type: graphql.NewNonNull(graphql.Boolean), Resolve: of(func(f *schema.Field, _ string) any { return f.Unique })},
		"immutable":   {Type: graphql.NewNonNull(graphql.Boolean), Resolve: of(func(f *schema.Field, _ string) any { return f.Immutable })},
		"system":      {Type: graphql.NewNonNull(graphql.Boolean), Description: "Kept by the program; it cannot be written.", Resolve: of(func(f *schema.Field, _ string) any { return f.System })},
		"to":          {Type: graphql.String, Description: "Of a reference: the entity that it refers to.", Resolve: of(func(f *schema.Field, _ string) any { return optional(f.To) })},
		"currency":    {Type: graphql.String, Description: "Of money: the currency of an amount without one.", Resolve: of(func(f *schema.Field, _ string) any { return optional(f.Currency) })},
		"options": {Type: nonNullList(option), Description: "Of an enum or state: its values.", Resolve: of(func(f *schema.Field, _ string) any {
			options := append(schema.Options{}, f.Options...)
			for i, o := range options {
				options[i].Initial = o.Initial || f.Type == "state" && o.Value == f.Default
			}
			return options
		})},
	}})
	field.AddFieldConfig("of", &graphql.Field{Type: field, Description: "Of a list: what its items are.", Resolve: of(func(f *schema.Field, _ string) any {
		if f.Of == nil {
			return nil // and not a nil pointer, which the engine takes for a field
		}
		return f.Of
	})})
	field.AddFieldConfig("fields", &graphql.Field{Type: nonNullList(field), Description: "Of an object: its fields.", Resolve: of(func(f *schema.Field, _ string) any { return append(schema.Fields{}, f.Fields...) })})
	entity := b.own(graphql.ObjectConfig{Name: "EntityInfo", Description: "An entity or role of the model.", Fields: graphql.Fields{
		"name":        {Type: graphql.NewNonNull(graphql.String), Resolve: of(func(e *schema.Entity, _ string) any { return e.Name })},
		"plural":      {Type: graphql.NewNonNull(graphql.String), Resolve: of(func(e *schema.Entity, _ string) any { return e.Plural })},
		"label":       {Type: graphql.NewNonNull(graphql.String), Args: language, Resolve: of(func(e *schema.Entity, l string) any { return label(e, l).One })},
		"labels":      {Type: graphql.NewNonNull(graphql.String), Description: "The plural of the label.", Args: language, Resolve: of(func(e *schema.Entity, l string) any { return label(e, l).Many })},
		"description": {Type: graphql.String, Args: language, Resolve: of(func(e *schema.Entity, l string) any { return optional(e.Description.In(l)) })},
		"roleOf":      {Type: graphql.String, Description: "Of a role: the entity whose records hold it.", Resolve: of(func(e *schema.Entity, _ string) any { return optional(e.Of) })},
		"fields":      {Type: nonNullList(field), Description: "The fields, except those that every record has.", Resolve: of(func(e *schema.Entity, _ string) any { return append(schema.Fields{}, e.Fields...) })},
	}})
	b.addQuery(program, "entities", nil, &graphql.Field{
		Type: nonNullList(entity), Description: "The entities and roles that the actor may read or create, with the fields that it may see or write.",
		Resolve: func(p graphql.ResolveParams) (any, error) {
			return b.described(ActorFrom(p.Context), b.Model.Entities()...), nil
		},
	})
	b.modelSizes()
	b.addQuery(program, "entity", nil, &graphql.Field{
		Type: entity, Description: "The entity or role of this name, or null.",
		Args: graphql.FieldConfigArgument{"name": {Type: graphql.NewNonNull(graphql.String)}},
		Resolve: func(p graphql.ResolveParams) (any, error) {
			e := b.Model.Entity(p.Args["name"].(string))
			if e == nil {
				return nil, nil
			}
			for _, seen := range b.described(ActorFrom(p.Context), e) {
				return seen, nil
			}
			return nil, nil
		},
	})
}

// modelSizes has the lists that tell the model count as long as they are: on
// average where there are many.
func (b *builder) modelSizes() {
	entities, fields, options := b.Model.Entities(), 0, 0
	for _, e := range entities {
		fields += len(e.Fields)
		for _, f := range e.Fields {
			options += len(f.Options)
		}
	}
	for of, size := range map[execution.FieldName]int{
		{Type: "Query", Field: "entities"}:    len(entities),
		{Type: "EntityInfo", Field: "fields"}: fields/max(1, len(entities)) + 1,
		{Type: "FieldInfo", Field: "options"}: options/max(1, fields) + 1,
		{Type: "FieldInfo", Field: "fields"}:  1,
		{Type: "OptionInfo", Field: "next"}:   1,
	} {
		b.pageSizes[of] = size
	}
}

// of adapts a function of a Go value to a resolver.
func of[T any](f func(source T, language string) any) graphql.FieldResolveFn {
	return func(p graphql.ResolveParams) (any, error) {
		language, _ := p.Args["language"].(string)
		return f(p.Source.(T), language), nil
	}
}

func label(e *schema.Entity, language string) schema.Label {
	l, ok := e.Labels[language]
	if !ok {
		l = e.Labels["en"]
	}
	if l.One == "" {
		l.One = typeName(e.Name)
	}
	if l.Many == "" {
		l.Many = typeName(e.Plural)
	}
	return l
}

// described are those of the entities and roles that the actor has to do with, as
// it sees them. They are for answers only.
func (b *builder) described(a core.Actor, entities ...*schema.Entity) []*schema.Entity {
	s := b.sight(a)
	described := []*schema.Entity{}
	for _, e := range entities {
		if s.knows(e) {
			described = append(described, s.described(e))
		}
	}
	return described
}
