package importer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/importer/table"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// plan is what an import will do with every row.
type plan struct {
	entity   *Entity
	group    string
	key      *binding // nil when every row is a new record
	bindings []*binding
	clear    []string // fields that no value clears
	notes    []string // what the user should know before it begins
}

// planner makes a plan of a map, a header and an entity.
type planner struct {
	binder
	file     string // that is imported
	lookups  *lookups
	problems strictyaml.Problems
	plan     *plan
}

// newPlan reports everything that is wrong with the map, or without one with
// the file, at once.
func newPlan(ctx context.Context, m *Map, e *Entity, file string, header []string, l *lookups) (*plan, error) {
	p := &planner{
		binder: binder{m: m, entity: e, header: header, used: map[int]bool{}, now: time.Now()},
		file:   file, lookups: l, plan: &plan{entity: e, group: m.Group},
	}
	if p.checkGroup(); len(p.problems) > 0 {
		return nil, p.problems.Err()
	}
	p.checkWords()
	for _, s := range m.Fields {
		p.add(ctx, s)
	}
	for _, name := range m.Ignore {
		for _, i := range allIndexes(header, name) {
			p.used[i] = true
		}
		if i, err := p.column(name); err == nil {
			p.used[i] = true // tag#2
		}
	}
	p.matchTheRest(ctx)
	p.findKey(ctx)
	if m.Empty == "clear" {
		for _, b := range p.plan.bindings {
			p.plan.clear = append(p.plan.clear, b.steps[0].name)
		}
	}
	if len(p.plan.bindings) == 0 && len(p.problems) == 0 {
		p.nothingMatches()
	}
	return p.plan, p.problems.Err()
}

func (p *planner) problem(line int, format string, args ...any) {
	p.problems = append(p.problems, strictyaml.Problem{File: cmp.Or(p.m.file, p.file), Line: line, Message: fmt.Sprintf(format, args...)})
}

// checkWords checks what the map says for all fields.
func (p *planner) checkWords() {
	var err error
	if p.numbers, err = newNumbers(p.m.Decimal, p.m.Thousands); err != nil {
		p.problem(0, "%v", err)
	}
	if p.m.YearsFrom != 0 && (p.m.YearsFrom < 1 || p.m.YearsFrom > 9900) {
		p.problem(0, "yearsFrom must be a year such as %d, not %d", firstShortYear, p.m.YearsFrom)
	}
	if !slices.Contains([]string{"", "leave", "clear"}, p.m.Empty) {
		p.problem(0, "empty must be leave or clear, not %q", p.m.Empty)
	}
}

// nothingMatches is a fault of the map if there is one, and of the file if not.
func (p *planner) nothingMatches() {
	columns := strings.Join(p.header, ", ")
	if p.m.file == "" {
		p.problem(0, "none of its columns (%s) is a field of %s; say in a map which is which (--map)", columns, p.entity.Name)
		return
	}
	p.problem(0, "none of the columns of %s (%s) is a field of %s, and the map fills none; say under fields: which is which", p.file, columns, p.entity.Name)
}

func (p *planner) checkGroup() {
	if p.m.Group == "" {
		return
	}
	list := field(p.entity.Fields, p.m.Group)
	if list == nil {
		p.problem(0, "group: %s has no field %q%s", p.entity.Name, p.m.Group, strictyaml.Suggest(p.m.Group, names(p.entity.Fields)))
	} else if list.Type != "list" || list.Of.Type != "object" {
		p.problem(0, "group: %s is no list of objects", p.m.Group)
	}
	if p.m.Key == "" {
		p.problem(0, "group needs key: the field by which rows of one record belong together")
	}
}

func (p *planner) add(ctx context.Context, s *Source) {
	b, err := p.bind(s)
	if err == nil && b.convert.field.Type == "reference" {
		b.lookup, err = p.lookups.of(ctx, b.convert.field, s.Lookup)
	}
	if err != nil {
		p.problem(s.line, "%s: %v", s.path, err)
		return
	}
	p.plan.bindings = append(p.plan.bindings, b)
}

// matchTheRest binds the columns that the map does not mention to the fields
// that their headers name.
func (p *planner) matchTheRest(ctx context.Context) {
	matcher := newMatcher(p.entity, p.m.Group)
	bound := map[string]bool{}
	for _, s := range p.m.Fields {
		bound[s.path] = true
	}
	for i, column := range p.header {
		if p.used[i] || column == "" || column == table.LineColumn || column == table.ReasonsColumn {
			continue
		}
		path := matcher.path(column)
		if same := allIndexes(p.header, column); len(same) > 1 && path != "" && !bound[path] {
			bound[path] = true
			p.problem(0, "%s; or list it under ignore:", p.sameHeader(same))
			continue
		}
		if path == "" || bound[path] {
			note := fmt.Sprintf("column %q is not imported: %s%s", column, p.whyNot(column, path), p.advice())
			if !slices.Contains(p.plan.notes, note) {
				p.plan.notes = append(p.plan.notes, note)
			}
			continue
		}
		bound[path] = true
		p.add(ctx, &Source{Column: column, path: path})
	}
}

func (p *planner) whyNot(column, path string) string {
	if path != "" {
		return path + " is already filled by another column"
	}
	return p.entity.Name + " has no field of that name" + strings.TrimSuffix(strictyaml.Suggest(column, names(p.entity.Fields)), "?")
}

func (p *planner) advice() string {
	if p.m.file == "" {
		return "; a map file (--map) can say where it goes"
	}
	return "; the map can say where it goes, or list it under ignore:"
}

func (p *planner) findKey(ctx context.Context) {
	if p.m.Key == "" {
		return
	}
	f := field(p.entity.Fields, p.m.Key)
	switch {
	case f == nil:
		p.problem(0, "key: %s has no field %q%s", p.entity.Name, p.m.Key, strictyaml.Suggest(p.m.Key, names(p.entity.Fields)))
		return
	case !f.Unique:
		if _, err := p.lookups.by(ctx, p.entity, f); err != nil {
			p.problem(0, "key: %v; unique are %s", err, strings.Join(uniqueNames(p.entity), ", "))
			return
		}
		p.plan.notes = append(p.plan.notes, fmt.Sprintf("%s is not unique: the one %s that has a row's %s is updated; two imports at the same time could create it twice", f.Name, p.entity.Name, f.Name))
	}
	if b := p.plan.binding(p.m.Key); b != nil {
		p.plan.key, b.exact = b, true
		return
	}
	if len(p.problems) == 0 {
		p.problem(0, "key: no column fills %s", p.m.Key)
	}
}

// binding is that of a path, or nil.
func (p *plan) binding(path string) *binding {
	for _, b := range p.bindings {
		if b.path == path {
			return b
		}
	}
	return nil
}

func uniqueNames(e *Entity) []string {
	unique := []string{}
	for _, f := range e.Fields {
		if f.Unique {
			unique = append(unique, f.Name)
		}
	}
	return unique
}
