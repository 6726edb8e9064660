package pluginhost

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// contribution translates what a plugin says of itself, and checks it as far as
// that can be done without a model.
func (h *Host) contribution(m Manifest, d *pluginpb.DescribeResponse) (*snapshot.Contribution, error) {
	if d.GetName() != m.Name || d.GetVersion() != m.Version {
		return nil, fmt.Errorf("%w: it says that it is %s %s, but its %s says %s %s", errInvalid,
			d.GetName(), d.GetVersion(), ManifestFile, m.Name, m.Version)
	}
	t := &translator{objects: map[string]*pluginpb.ObjectType{}}
	for _, o := range d.GetObjects() {
		t.objects[o.GetName()] = o
	}
	if err := checkFeatures(m.Name, d.GetFeatures()); err != nil {
		return nil, err
	}
	c := &snapshot.Contribution{
		By: h, Plugin: m.Name, Version: m.Version,
		BeforeSave: slices.Clone(d.GetBeforeSave()), BeforeDelete: slices.Clone(d.GetBeforeDelete()),
		Topics: slices.Clone(d.GetSubscriptions()), Timers: slices.Clone(d.GetTimers()),
		Entities: mention.Sources(d), Mentions: mention.In(d),
		Rights: access.PluginRights{Plugin: m.Name, Layer: mention.Layer(m.Name)},
	}
	c.PartyData.Said, c.PartyData.Handled = mention.PartyData(d.GetPartyData())
	t.names("topic", naming.Topic, c.Topics...)
	t.names("timer", naming.API, c.Timers...)
	for _, j := range d.GetJobs() {
		t.names("job", naming.API, j.GetName())
		c.Jobs = append(c.Jobs, snapshot.Job{Plugin: m.Name, Name: j.GetName(), Schedule: j.GetSchedule(), TimeZone: j.GetTimeZone(), Doc: j.GetDoc()})
	}
	for _, e := range d.GetEndpoints() {
		t.names("endpoint", naming.Path, e.GetPath())
		c.Endpoints = append(c.Endpoints, snapshot.Endpoint{Method: e.GetMethod(), Path: e.GetPath(), Doc: e.GetDoc()})
	}
	for _, o := range d.GetOperations() {
		c.Operations = append(c.Operations, t.operation(m.Name, o))
	}
	for _, f := range d.GetFields() {
		where := f.GetEntity() + "." + f.GetName()
		t.names("field of "+f.GetEntity(), naming.API, f.GetName())
		field := t.field(where, f.GetName(), f.GetDoc(), f.GetReturns(), false, 0)
		c.Fields = append(c.Fields, snapshot.ComputedField{Plugin: m.Name, Entity: f.GetEntity(), Field: field})
	}
	if err := t.problems.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", errInvalid, err)
	}
	return c, nil
}

// checkFeatures refuses a plugin that needs what this host cannot do.
func checkFeatures(plugin string, needed []string) error {
	for _, name := range needed {
		if !slices.Contains(contract.Features(), name) {
			return fmt.Errorf("%w: %s needs the feature %q, which this xrm does not have; upgrade xrm or use an older version of the plugin", errIncompatible, plugin, name)
		}
	}
	return nil
}

// translator turns types of the wire into fields of the entity language.
type translator struct {
	objects  map[string]*pluginpb.ObjectType
	problems strictyaml.Problems
	fields   int // translated so far
}

// maxProblems is as many as anybody reads.
const maxProblems = 50

func (t *translator) add(where, format string, args ...any) {
	if len(t.problems) == maxProblems {
		return
	}
	t.problems = append(t.problems, strictyaml.Problem{File: where, Message: fmt.Sprintf(format, args...)})
}

// names refuses those that do not have the form, which others rely on.
func (t *translator) names(what string, form *regexp.Regexp, names ...string) {
	for _, name := range names {
		if !form.MatchString(name) {
			t.add(what, "%q cannot be its name; it has to match %s", cut(name, 100), form)
		}
	}
}

func (t *translator) operation(plugin string, o *pluginpb.Operation) snapshot.Operation {
	op := snapshot.Operation{Plugin: plugin, Name: o.GetName(), Doc: o.GetDoc()}
	switch o.GetKind() {
	case pluginpb.Operation_QUERY:
	case pluginpb.Operation_MUTATION:
		op.Mutation = true
	case pluginpb.Operation_SUBSCRIPTION:
		op.Subscription = true
	default:
		t.add(o.GetName(), "it is neither a query nor a mutation nor a subscription")
	}
	t.names("operation", naming.API, o.GetName())
	for _, a := range o.GetArguments() {
		t.names("argument of "+o.GetName(), naming.API, a.GetName())
		op.Arguments = append(op.Arguments, t.field(o.GetName()+"."+a.GetName(), a.GetName(), a.GetDoc(), a.GetType(), true, 0))
	}
	op.Result = t.field(o.GetName(), "result", "", o.GetReturns(), false, 0)
	return op
}

// maxFields is how many fields types may unfold to: a few objects that contain
// each other come to more than any memory holds.
const maxFields = 10_000

// field translates one member. What a plugin returns is never required: it
// must not be able to take away what stands beside it.
func (t *translator) field(where, name, doc string, of *pluginpb.Type, input bool, depth int) *schema.Field {
	f := &schema.Field{Name: name, Required: input && of.GetRequired()}
	if doc != "" {
		f.Description = schema.Text{"en": doc}
	}
	if t.fields++; t.fields > maxFields {
		t.add(where, "its types unfold to more than %d fields", maxFields)
		return f
	}
	if depth > contract.MaxTypeDepth {
		t.add(where, "its type goes more than %d levels deep, or contains itself", contract.MaxTypeDepth)
		return f
	}
	switch of := of.GetOf().(type) {
	case *pluginpb.Type_Scalar:
		f.Type = of.Scalar
		switch {
		case !slices.Contains(contract.Scalars(), of.Scalar):
			t.add(where, "there is no type %q%s", of.Scalar, strictyaml.Suggest(of.Scalar, contract.Scalars()))
		case of.Scalar == "id" && input:
			f.Type = "reference"
		case of.Scalar == "id":
			f.Type = "text"
		}
	case *pluginpb.Type_Entity:
		if f.Type, f.To = "reference", of.Entity; input || of.Entity == "" {
			t.add(where, "a record of %q cannot stand here", of.Entity)
		}
	case *pluginpb.Type_List:
		f.Type, f.Of = "list", t.field(where, name, "", of.List, input, depth+1)
	case *pluginpb.Type_Object:
		f.Type = "object"
		object := t.objects[of.Object]
		if object == nil {
			t.add(where, "there is no object type %q", of.Object)
			return f
		}
		for _, m := range object.GetMembers() {
			t.names("member of "+of.Object, naming.API, m.GetName())
			f.Fields = append(f.Fields, t.field(where+"."+m.GetName(), m.GetName(), m.GetDoc(), m.GetType(), input, depth+1))
		}
	default:
		t.add(where, "its type is missing")
	}
	return f
}
