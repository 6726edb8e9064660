package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

var (
	nameForm = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
	// reserved are names that the API gives a meaning of its own.
	reserved = []string{"and", "or", "not", "some", "none", "every", "eq", "ne", "in", "notIn", "isNull", "node", "nodes", "edges", "pageInfo", "totalCount", "query", "mutation", "subscription", "history"}
)

// lint checks each entity by itself, before roles and bases are composed.
func (l *loader) lint() {
	plurals := map[string]*Entity{}
	for _, e := range l.model.entities {
		l.lintNames(e, plurals)
		if e.Filterable != "" && e.Filterable != "indexed" && e.Filterable != "all" {
			l.add(e.File, e.lineOf("filterable"), "filterable must be indexed or all, not %s", e.Filterable)
		}
		if len(e.Fields) == 0 && e.RoleName == "" && !e.broken {
			l.add(e.File, e.Line, "%q has no fields", e.Name)
		}
		l.lintFields(e, e.Fields, "")
		l.lintKept(e)
		l.lintStates(e)
		l.lintGapless(e)
		if e.IsRole() {
			l.lintRole(e)
		}
		if e.broken && len(e.Fields) == 0 {
			continue // fields: may only be misspelled
		}
		l.lintIndexes(e)
		if e.Title != "" && e.Field(e.Title) == nil && (e.Base == nil || e.Base.Field(e.Title) == nil) {
			l.add(e.File, e.lineOf("title"), "title: there is no field %q%s", e.Title, strictyaml.Suggest(e.Title, e.fieldNames()))
		}
	}
}

// lintNames checks what an entity and many of it are called. plurals are those of
// the entities before it.
func (l *loader) lintNames(e *Entity, plurals map[string]*Entity) {
	l.lintName(e.File, e.Line, "the name", e.Name)
	if nameForm.MatchString(e.Name) || e.Plural != e.Name+"s" { // else what is wrong with the name is said
		l.lintName(e.File, e.lineOf("plural"), "the plural", e.Plural)
	}
	if other := plurals[e.Plural]; other != nil {
		l.add(e.File, e.lineOf("plural"), "plural %q is already that of %q", e.Plural, other.Name)
	}
	plurals[e.Plural] = e
	if e.Plural == e.Name || l.model.byName[e.Plural] != nil {
		l.add(e.File, e.lineOf("plural"), "plural %q must differ from every entity's name", e.Plural)
	}
}

// lintKept refuses names that the program needs for the roles of an entity, which
// may have come from another layer.
func (l *loader) lintKept(e *Entity) {
	roles := l.model.Roles(e)
	for _, f := range e.Fields {
		if f.Name == DeletedWithField && l.cascades(e) {
			l.add(f.file, f.Line, "field %q is kept by the program for records that are deleted with others (onDelete: cascade); choose another name", f.Name)
		}
		if len(roles) > 0 && (f.Name == RolesField || f.Name == MergedField) {
			l.add(f.file, f.Line, "field %q is kept by the program for the roles of %s, such as %s (%s:%d); choose another name", f.Name, e.Name, roles[0].Name, roles[0].File, roles[0].Line)
		}
	}
}

// cascades says whether a reference of the entity, or of one of its roles, cascades.
func (l *loader) cascades(e *Entity) bool {
	return e.Fields.cascade() || slices.ContainsFunc(l.model.Roles(e), func(role *Entity) bool { return role.Fields.cascade() })
}

// lintStates refuses a second state machine: nobody could say which one a
// transition is about.
func (l *loader) lintStates(e *Entity) {
	var first *Field
	for _, f := range e.Fields {
		switch {
		case f.Type != "state":
		case first == nil:
			first = f
		default:
			l.add(f.file, f.Line, "field %q: %s has a field of type state already, %s (%s:%d); let this one be an enum", f.Name, e.Name, first.Name, first.file, first.Line)
		}
	}
}

func (l *loader) lintName(file string, line int, what, name string) {
	switch {
	case !nameForm.MatchString(name):
		l.add(file, line, "%s %q must be camelCase: a lower-case letter, then letters and digits", what, name)
	case slices.Contains(reserved, name):
		l.add(file, line, "%s %q is reserved: the API uses the word itself", what, name)
	}
}

func (l *loader) lintFields(e *Entity, fields Fields, prefix string) {
	for _, f := range fields {
		l.lintName(f.file, f.Line, "the field", f.Name)
		if IsSystem(f.Name) && prefix == "" {
			l.add(f.file, f.Line, "field %q is kept by the program for every record; choose another name", f.Name)
		}
		if fault := lintRegion(f, fields); fault != "" && (!e.IsRole() || !hasField(e.Base.Fields, f.RegionFrom)) {
			l.add(f.file, f.Line, "field %q: %s", prefix+f.Name, fault)
		}
		if f.OtherThan != "" {
			l.lintOtherThan(f, fields)
		}
		l.lintField(e, f, prefix+f.Name, prefix != "")
	}
}

// lintOtherThan refuses a field that cannot lead to the same record.
func (l *loader) lintOtherThan(f *Field, fields Fields) {
	if other := findField(fields, f.OtherThan); other == nil || other == f || other.Type != "reference" || other.To != f.To {
		l.add(f.file, f.Line, "field %q: otherThan: there is no other reference %q to %s beside it", f.Name, f.OtherThan, f.To)
	}
}

// lintField checks a field, and what lies in it even when its own type is not
// understood.
func (l *loader) lintField(e *Entity, f *Field, at string, nested bool) {
	l.lintType(f, at, nested)
	if f.To != "" && l.model.byName[f.To] == nil {
		l.missing(f.file, f.Line, fmt.Sprintf("field %q: to: there is no entity or role", at), f.To)
	}
	if f.Of != nil {
		f.Of.Line, f.Of.broken = max(f.Of.Line, f.Line), f.broken
		l.lintField(e, f.Of, at, true)
	}
	l.lintFields(e, f.Fields, at+".")
}

func (l *loader) lintType(f *Field, at string, nested bool) {
	add := func(format string, args ...any) {
		l.add(f.file, f.Line, "field %q: "+format, append([]any{at}, args...)...)
	}
	kind := f.Kind()
	switch {
	case kind != nil:
	case f.Type != "":
		add("unknown type %q%s", f.Type, suggestType(f.Type))
		return
	case !f.broken:
		add("needs a type, for example type: text")
		fallthrough
	default:
		return
	}
	for _, option := range f.given() {
		if !slices.Contains(kind.Options(), option) {
			add("type %s has no option %q%s", f.Type, option, ownersOf(option))
		}
	}
	var faults []string
	if !f.broken {
		faults = kind.Lint(f)
	}
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		faults = append(faults, fmt.Sprintf("min %d is greater than max %d", *f.Min, *f.Max))
	}
	for _, fault := range faults {
		add("%s", fault)
	}
	if len(faults) > 0 {
		return
	}
	if fault := f.lintPII(); fault != "" {
		add("%s", fault)
	}
	for _, fault := range f.lintPlace(nested) {
		add("%s", fault)
	}
	for _, o := range f.Options {
		if f.Type != "state" && (o.Initial || len(o.Next) > 0) {
			add("option %q: next and initial belong to type state", o.Value)
		}
	}
	if f.Default != nil {
		c := checker{isNew: true}
		c.value(f, f.Default, nil, nil, "default")
		for _, v := range append(c.violations, chosen(f, nil, f.Default, "default")...) {
			add("%s %s", v.Field, v.Message)
		}
	}
	if f.Inverse != "" {
		l.lintName(f.file, f.Line, "field "+strconv.Quote(at)+": inverse", f.Inverse)
	}
}

// lintPlace says what a field has that only one of the record itself may have, or
// one without parts.
func (f *Field) lintPlace(nested bool) (faults []string) {
	if nested && f.Unique {
		faults = append(faults, "unique is for fields of the record itself")
	}
	if f.Type == "list" && f.Required && f.Of != nil && f.Of.OnDelete == DeleteClear {
		faults = append(faults, "onDelete cannot be clear, because the list is required: it could be left without an item; write refuse, cascade or keep")
	}
	if nested && f.OtherThan != "" {
		faults = append(faults, "otherThan is for fields of the record itself")
	}
	if f.Unique && len(f.Subs()) > 0 {
		faults = append(faults, fmt.Sprintf("a value of type %s has parts and cannot be unique", f.Type))
	}
	if nested && f.Immutable {
		faults = append(faults, "immutable is for fields of the record itself")
	}
	if nested && (f.Type == "autonumber" || f.Type == "state") {
		faults = append(faults, fmt.Sprintf("type %s is for fields of the record itself", f.Type))
	}
	return faults
}

// ownersOf says which types do have an option.
func ownersOf(option string) string {
	var owners []string
	for _, t := range Types() {
		if slices.Contains(t.Options(), option) {
			owners = append(owners, t.Name())
		}
	}
	return "; it belongs to " + strings.Join(owners, ", ")
}

// given lists the type's own options that a definition uses.
func (f *Field) given() []string {
	var given []string
	for option, set := range map[string]bool{
		"options": len(f.Options) > 0, "to": f.To != "", "inverse": f.Inverse != "", "onDelete": f.OnDelete != "", "otherThan": f.OtherThan != "",
		"of":     f.Of != nil,
		"fields": len(f.Fields) > 0, "min": f.Min != nil, "max": f.Max != nil, "scale": f.Scale != nil,
		"currency": f.Currency != "", "format": f.Format != "", "gapless": f.Gapless, "regionFrom": f.RegionFrom != "",
		"maxSize": f.MaxSize != nil, "accept": len(f.Accept) > 0,
	} {
		if set {
			given = append(given, option)
		}
	}
	slices.Sort(given)
	return given
}

// lintRole keeps the fields of a role and of its base apart, because a view
// shows both side by side.
func (l *loader) lintRole(role *Entity) {
	for _, f := range role.Fields {
		if own := findField(role.Base.Fields, f.Name); own != nil {
			l.add(f.file, f.Line, "field %q: %s has a field of that name (%s:%d), and the role shows both", f.Name, role.Base.Name, own.file, own.Line)
		}
		if slices.Contains([]string{"since", "until", RolesField, MergedField}, f.Name) {
			l.add(f.file, f.Line, "field %q is kept by the program for every role; choose another name", f.Name)
		}
	}
	if own := role.Base.Field(role.Name); own != nil {
		l.add(own.file, own.Line, "field %q has the name of a role (%s:%d), which is stored there", role.Name, role.File, role.Line)
	}
}

func (l *loader) lintIndexes(e *Entity) {
	for i, index := range e.Indexes {
		at := e.indexAt[i]
		if len(index) == 0 {
			l.add(at.file, at.line, "an index needs at least one field")
		}
		for _, name := range index {
			name = strings.TrimPrefix(name, "-")
			if e.Field(name) == nil && (e.Base == nil || e.Base.Field(name) == nil) {
				l.add(at.file, at.line, "indexes: there is no field %q%s", name, strictyaml.Suggest(name, e.fieldNames()))
			}
		}
	}
}

// lintReferences sees to it that the list on the other side of a reference
// has a name of its own there.
func (l *loader) lintReferences() {
	lists := map[string]Reference{}
	for _, from := range l.model.Stored() {
		for _, r := range l.model.References(from) {
			key := r.To.Stored().Name + "." + r.Inverse
			views := l.model.views(r.To)
			if i := slices.IndexFunc(views, func(e *Entity) bool { return e.Field(r.Inverse) != nil }); i >= 0 {
				l.add(r.Field.file, r.Field.Line, "field %q: the other side, %s, has a field %q; name the list there with inverse:", r.Path, views[i].Name, r.Inverse)
			} else if first, ok := lists[key]; ok {
				l.add(r.Field.file, r.Field.Line, "field %q: the list %q of %s is already the other side of %s.%s; name this one with inverse:", r.Path, r.Inverse, r.To.Name, first.From.Name, first.Path)
			}
			lists[key] = r
		}
	}
}
