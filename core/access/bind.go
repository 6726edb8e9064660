package access

import (
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// What a rule may say about the actor, after the $.
const (
	userID    = "user.id"
	userParty = "user.party"
)

// bind puts the actor into a rule. A comparison with something that the actor
// does not have, such as the party of somebody who belongs to none, makes the
// rule select less, never more: it fails, and inside a not it holds.
func bind(f schema.Filter, a core.Actor) schema.Filter {
	known := map[string]string{userID: a.ID, userParty: a.Party}
	value := func(v any) any {
		if name, isVar := v.(schema.Var); isVar {
			return known[string(name)]
		}
		return v
	}
	return rewrite(f, true, func(c schema.Filter, positive bool) schema.Filter {
		for _, name := range vars(c) {
			if known[name] == "" {
				return constant(!positive)
			}
		}
		list, isList := c.Value.([]any)
		if !isList {
			c.Value = value(c.Value)
			return c
		}
		bound := make([]any, len(list))
		for i, item := range list {
			bound[i] = value(item)
		}
		c.Value = bound
		return c
	})
}

// settle decides every comparison that reaches over a reference, which only a
// query can answer: in favor of selecting more (widen), or less.
func settle(f schema.Filter, widen bool) schema.Filter {
	return rewrite(f, true, func(c schema.Filter, positive bool) schema.Filter {
		if c.Op == schema.OpTo {
			return constant(widen == positive)
		}
		return c
	})
}

func constant(holds bool) schema.Filter {
	if holds {
		return schema.Filter{}
	}
	return schema.Nothing()
}

// rewrite replaces every comparison, the outer ones first. positive says
// whether the filter selects more when the comparison does; a not or a none on
// the way turns it around.
func rewrite(f schema.Filter, positive bool, replace func(c schema.Filter, positive bool) schema.Filter) schema.Filter {
	all := func(list []schema.Filter) []schema.Filter {
		if list == nil {
			return nil
		}
		rewritten := make([]schema.Filter, len(list))
		for i, one := range list {
			rewritten[i] = rewrite(one, positive, replace)
		}
		return rewritten
	}
	f.And, f.Or = all(f.And), all(f.Or)
	if f.Not != nil {
		inner := rewrite(*f.Not, !positive, replace)
		f.Not = &inner
	}
	if f.Op == "" {
		return f
	}
	f = replace(f, positive)
	if f.Sub != nil {
		inner := rewrite(*f.Sub, positive != (f.Op == schema.OpNone), replace)
		f.Sub = &inner
	}
	return f
}

// each calls see for every comparison in a rule, also deep inside.
func each(f schema.Filter, see func(c schema.Filter)) {
	rewrite(f, true, func(c schema.Filter, _ bool) schema.Filter {
		see(c)
		return c
	})
}

// vars lists the names of the variables in a rule, also deep inside.
func vars(f schema.Filter) []string {
	var names []string
	each(f, func(c schema.Filter) {
		list, isList := c.Value.([]any)
		if !isList {
			list = []any{c.Value}
		}
		for _, value := range list {
			if v, ok := value.(schema.Var); ok {
				names = append(names, string(v))
			}
		}
	})
	return names
}

// lookedAt appends the storage paths of a record that a rule compares, each with
// all that lies at it.
func lookedAt(f schema.Filter, paths []string) []string {
	for _, inner := range append(slices.Clone(f.And), f.Or...) {
		paths = lookedAt(inner, paths)
	}
	if f.Not != nil {
		paths = lookedAt(*f.Not, paths)
	}
	if f.Op != "" && !schema.IsSystem(f.Path) {
		paths = append(paths, f.Path)
	}
	return paths
}
