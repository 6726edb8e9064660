package sdk

import (
	"errors"
	"maps"
	"reflect"
	"regexp"
	"slices"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

var (
	pluginName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	apiName    = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
)

// describe derives the contribution from the literal, or returns every
// mistake in it.
func describe(p Plugin) (*pluginpb.DescribeResponse, error) {
	t := &typer{objects: map[string]*pluginpb.ObjectType{}, known: map[string]reflect.Type{}}
	if !pluginName.MatchString(p.Name) {
		t.mistake("Name is %q; it must be of lower-case letters, digits and hyphens", p.Name)
	}
	if p.Version == "" {
		t.mistake("Version is missing")
	}
	d := &pluginpb.DescribeResponse{
		Name: p.Name, Version: p.Version,
		Entities:   entityFiles(t, p),
		BeforeSave: slices.Sorted(maps.Keys(p.BeforeSave)),
		Operations: operations(t, p.Operations),
		Fields:     computedFields(t, p.Fields),
	}
	for _, entity := range d.BeforeSave {
		if p.BeforeSave[entity] == nil {
			t.mistake("BeforeSave has no function for %s", entity)
		}
	}
	d.Objects = t.sorted()
	return d, errors.Join(t.mistakes...)
}

func entityFiles(t *typer, p Plugin) []*pluginpb.EntityFile {
	if p.Entities == nil {
		return nil
	}
	sources, err := schema.ReadSources("", "", p.Entities)
	if err != nil {
		t.mistake("Entities cannot be read: %w", err)
	} else if len(sources) == 0 {
		t.mistake("Entities holds no *.yaml file")
	}
	var files []*pluginpb.EntityFile
	for _, s := range sources {
		files = append(files, &pluginpb.EntityFile{Path: s.File, Yaml: s.Data})
	}
	return files
}

func operations(t *typer, ops []Operation) []*pluginpb.Operation {
	var described []*pluginpb.Operation
	seen := map[string]bool{}
	for _, o := range ops {
		switch {
		case !apiName.MatchString(o.name):
			t.mistake("%q cannot be the name of an operation; use camelCase", o.name)
			continue
		case seen[o.name]:
			t.mistake("operation %s stands in Operations twice", o.name)
			continue
		case o.call == nil:
			t.mistake("operation %s has no function", o.name)
			continue
		}
		seen[o.name] = true
		described = append(described, &pluginpb.Operation{
			Name: o.name, Kind: o.kind, Doc: o.doc,
			Arguments: t.arguments(o.name, o.in),
			Returns:   t.of("the result of "+o.name, o.out, o.entity),
		})
	}
	return described
}

func computedFields(t *typer, fields []Field) []*pluginpb.ComputedField {
	var described []*pluginpb.ComputedField
	seen := map[string]bool{}
	for _, f := range fields {
		name := f.entity + "." + f.name
		switch {
		case f.entity == "" || !apiName.MatchString(f.name):
			t.mistake("%q cannot be a computed field; say entity and name, in camelCase", name)
			continue
		case seen[name]:
			t.mistake("field %s stands in Fields twice", name)
			continue
		case f.resolve == nil:
			t.mistake("field %s has no function", name)
			continue
		}
		seen[name] = true
		described = append(described, &pluginpb.ComputedField{
			Entity: f.entity, Name: f.name, Doc: f.doc,
			Returns: t.of("the value of "+name, f.out, f.of),
		})
	}
	return described
}
