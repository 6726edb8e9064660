package sdk

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"

	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// describe derives the contribution from the literal, or returns every
// mistake in it.
func describe(p Plugin) (*pluginpb.DescribeResponse, error) {
	t := &typer{objects: map[string]*pluginpb.ObjectType{}, known: map[string]reflect.Type{}}
	if !naming.Plugin.MatchString(p.Name) {
		t.mistake("Name is %q; it must be of lower-case letters, digits and hyphens", p.Name)
	}
	if p.Version == "" {
		t.mistake("Version is missing")
	}
	d := &pluginpb.DescribeResponse{
		Name: p.Name, Version: p.Version, Sdk: "go " + Version,
		Entities:      entityFiles(t, p),
		Mails:         mailFiles(t, p),
		Texts:         textFiles(t, p),
		BeforeSave:    named(t, "BeforeSave", p.BeforeSave),
		BeforeDelete:  named(t, "BeforeDelete", p.BeforeDelete),
		Operations:    operations(t, p.Operations),
		Fields:        computedFields(t, p.Fields),
		Subscriptions: subscriptions(t, p),
		Jobs:          jobs(t, p.Jobs),
		Endpoints:     endpoints(t, p.Endpoints),
		Services:      services(t, p.Services),
		Pages:         pages(t, p.Pages),
		Timers:        named(t, "Timers", p.Timers),
		PartyData:     p.PartyData.describe(t),
		Migrations:    migrations(t, p.Migrations),
	}
	for _, name := range d.Timers {
		if !naming.API.MatchString(name) {
			t.mistake("the timer %q needs a camelCase name", name)
		}
	}
	if p.Config != nil {
		d.ConfigSchema = p.Config.describe(t)
	}
	d.Features = features(d)
	d.Objects = t.sorted()
	return d, errors.Join(t.mistakes...)
}

// named lists the keys of a map of functions.
func named[F SaveFunc | DeleteFunc | TimerFunc | TimelineFunc | ServiceFunc](t *typer, field string, functions map[string]F) []string {
	names := slices.Sorted(maps.Keys(functions))
	for _, name := range names {
		if functions[name] == nil {
			t.mistake("%s has no function for %s", field, name)
		}
	}
	return names
}

// features are what a host needs for this plugin beyond the first release of
// the protocol.
func features(d *pluginpb.DescribeResponse) []string {
	var all []string
	for _, f := range []struct {
		name   string
		needed bool
	}{
		{"config", len(d.ConfigSchema) > 0},
		{"deletes", len(d.BeforeDelete) > 0},
		{"events", len(d.Subscriptions) > 0},
		{"http", len(d.Endpoints) > 0},
		{"jobs", len(d.Jobs) > 0},
		{"mails", len(d.Mails) > 0},
		{"migrations", len(d.Migrations) > 0},
		{"pages", len(d.Pages) > 0},
		{"parties", d.GetPartyData().GetExport()},
		{"services", len(d.Services) > 0},
		{"subscriptions", slices.ContainsFunc(d.Operations, isSubscription)},
		{"timers", len(d.Timers) > 0},
	} {
		if f.needed {
			all = append(all, f.name)
		}
	}
	return all
}

func isSubscription(o *pluginpb.Operation) bool {
	return o.GetKind() == pluginpb.Operation_SUBSCRIPTION
}

func entityFiles(t *typer, p Plugin) []*pluginpb.EntityFile {
	if p.Entities == nil {
		return nil
	}
	var files []*pluginpb.EntityFile
	err := fs.WalkDir(p.Entities, ".", func(name string, entry fs.DirEntry, err error) error {
		if ext := path.Ext(name); err != nil || entry.IsDir() || ext != ".yaml" && ext != ".yml" {
			return err
		}
		content, err := fs.ReadFile(p.Entities, name)
		files = append(files, &pluginpb.EntityFile{Path: name, Yaml: content})
		return err
	})
	if err != nil {
		t.mistake("Entities cannot be read: %w", err)
	} else if len(files) == 0 {
		t.mistake("Entities holds no *.yaml file")
	}
	return files
}

func operations(t *typer, ops []Operation) []*pluginpb.Operation {
	var described []*pluginpb.Operation
	seen := map[string]bool{}
	for _, o := range ops {
		switch {
		case !naming.API.MatchString(o.name):
			t.mistake("%q cannot be the name of an operation; use camelCase", o.name)
			continue
		case seen[o.name]:
			t.mistake("operation %s stands in Operations twice", o.name)
			continue
		case o.run == nil:
			t.mistake("operation %s has no function", o.name)
			continue
		}
		seen[o.name] = true
		rights(t, "operation "+o.name, o.open, o.needs)
		described = append(described, &pluginpb.Operation{
			Name: o.name, Kind: o.kind, Doc: o.doc, Needs: o.needs, ForEverybody: o.open,
			Arguments: t.arguments(o.name, o.in),
			Returns:   t.of("the result of "+o.name, o.out, o.entity),
		})
	}
	return described
}

// rights holds what a user needs for something against its form.
func rights(t *typer, what string, open bool, needs []string) {
	for _, right := range needs {
		if !naming.Need.MatchString(right) {
			t.mistake("%s needs %q; write an entity and one of read, create, update, delete, grant and withdraw, such as complaint.update", what, right)
		}
	}
	if open && len(needs) > 0 {
		t.mistake("%s is ForEverybody and has Needs; say one of them", what)
	}
}

func computedFields(t *typer, fields []Field) []*pluginpb.ComputedField {
	var described []*pluginpb.ComputedField
	seen := map[string]bool{}
	for _, f := range fields {
		name := f.entity + "." + f.name
		switch {
		case f.entity == "" || !naming.API.MatchString(f.name):
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

func subscriptions(t *typer, p Plugin) []string {
	var topics []string
	for _, s := range p.Events {
		switch {
		case slices.Contains(topics, s.topic):
			t.mistake("topic %s stands in Events twice", s.topic)
		case s.handle == nil:
			t.mistake("topic %s has no function", s.topic)
		}
		topics = append(topics, s.topic)
	}
	topics = append(topics, named(t, "Timeline", p.Timeline)...)
	topics = append(topics, p.PartyData.topics()...)
	slices.Sort(topics)
	topics = slices.Compact(topics)
	for _, topic := range topics {
		if !naming.Topic.MatchString(topic) {
			t.mistake("%q cannot be a topic; write ENTITY.ACTION such as order.created, or order.*", topic)
		}
	}
	return topics
}

func services(t *typer, functions map[string]ServiceFunc) []*pluginpb.PluginService {
	var described []*pluginpb.PluginService
	for _, name := range named(t, "Services", functions) {
		if !naming.API.MatchString(name) {
			t.mistake("the service %q needs a camelCase name", name)
		}
		described = append(described, &pluginpb.PluginService{Name: name})
	}
	return described
}

func jobs(t *typer, jobs []Job) []*pluginpb.Job {
	var described []*pluginpb.Job
	seen := map[string]bool{}
	for _, j := range jobs {
		switch {
		case !naming.API.MatchString(j.name):
			t.mistake("%q cannot be the name of a job; use camelCase", j.name)
		case seen[j.name]:
			t.mistake("job %s stands in Jobs twice", j.name)
		case j.schedule == "":
			t.mistake("job %s has no schedule", j.name)
		case j.run == nil:
			t.mistake("job %s has no function", j.name)
		}
		seen[j.name] = true
		described = append(described, &pluginpb.Job{Name: j.name, Schedule: j.schedule, TimeZone: j.zone, Doc: j.doc})
	}
	return described
}

func endpoints(t *typer, endpoints []Endpoint) []*pluginpb.Endpoint {
	var described []*pluginpb.Endpoint
	for _, e := range endpoints {
		switch {
		case !naming.Path.MatchString(e.path):
			t.mistake("%q cannot be the path of an endpoint; begin with a slash: \"POST /erp\"", e.path)
		case e.answer == nil:
			t.mistake("endpoint %s has no function", e.path)
		}
		described = append(described, &pluginpb.Endpoint{Method: e.method, Path: e.path, Doc: e.doc})
	}
	return described
}
