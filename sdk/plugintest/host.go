package plugintest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"go.yaml.in/yaml/v3"
)

// Host is the other side of a plugin under test. It is safe for concurrent
// use, as a plugin's handlers are.
type Host struct {
	t      testing.TB
	model  *schema.Model
	plugin pluginpb.PluginClient
	store  store

	rules      []string // entities that the plugin has rules for
	operations []string
	fields     []string // "customer.openComplaints"
}

// Start runs a plugin until the test ends. others hold the entities of other
// plugins that this one needs. A mistake in the plugin or in its entities ends
// the test.
func Start(t testing.TB, p sdk.Plugin, others ...fs.FS) *Host {
	t.Helper()
	transport, err := sdk.NewTransport(p, func() {})
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{t: t, store: store{byID: map[string]*stored{}}}
	connect(t, &wire{Transport: transport, host: h})
	lifeline, err := h.plugin.Watch(context.Background(), &pluginpb.WatchRequest{})
	if err == nil {
		_, err = lifeline.Recv()
	}
	if err != nil {
		t.Fatalf("open the lifeline of the plugin: %v", err)
	}
	description, err := h.plugin.Describe(t.Context(), &pluginpb.DescribeRequest{})
	if err != nil {
		t.Fatalf("ask the plugin what it is: %v", err)
	}
	if err := manifestSaysTheSame(p); err != nil {
		t.Error(err)
	}
	h.rules = description.GetBeforeSave()
	for _, o := range description.GetOperations() {
		h.operations = append(h.operations, o.GetName())
	}
	for _, f := range description.GetFields() {
		h.fields = append(h.fields, f.GetEntity()+"."+f.GetName())
	}
	h.load(description, others)
	return h
}

// manifestSaysTheSame compares the plugin with the plugin.yaml that lies beside
// the test: the host does not serve a plugin that differs from its manifest.
func manifestSaysTheSame(p sdk.Plugin) error {
	data, err := os.ReadFile("plugin.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var manifest struct{ Name, Version string }
	if err == nil {
		err = yaml.Unmarshal(data, &manifest)
	}
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	if manifest.Name != p.Name || manifest.Version != p.Version {
		return fmt.Errorf("plugin.yaml is that of %s %s, but the plugin is %s %s", manifest.Name, manifest.Version, p.Name, p.Version)
	}
	return nil
}

// load checks the plugin's entities together with the shipped ones and the
// others, and that there is every entity that the plugin names elsewhere.
func (h *Host) load(d *pluginpb.DescribeResponse, others []fs.FS) {
	h.t.Helper()
	sources := entities.Sources()
	for _, other := range others {
		found, err := schema.ReadSources("another plugin", "", other)
		if err != nil {
			h.t.Fatalf("the entities of another plugin: %v", err)
		}
		sources = append(sources, found...)
	}
	for _, file := range d.GetEntities() {
		sources = append(sources, schema.Source{Layer: "plugin " + d.GetName(), File: file.GetPath(), Data: file.GetYaml()})
	}
	var err error
	if h.model, err = schema.Load(sources...); err != nil {
		h.t.Fatalf("the entities of the plugin:\n%v", err)
	}
	if err := pluginpb.CheckMentions(h.model, pluginpb.Mentions(d)); err != nil {
		h.t.Fatalf("the plugin %s:\n%v", d.GetName(), err)
	}
}

// Add stores a record as it is, without the rules of the plugin.
func (h *Host) Add(entity string, values map[string]any) *sdk.Record {
	h.t.Helper()
	e, err := h.model.Find(entity)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := h.store.put(e, "", 0, values, func(*stored) error { return nil })
	if err != nil {
		h.t.Fatalf("add a %s: %v", entity, err)
	}
	return r.record(h.t, e)
}

// Save creates the record, or updates the one with its id, as a user would:
// through the definition of its entity and the rules of the plugin. A nil
// value clears a field.
func (h *Host) Save(r *sdk.Record) (*sdk.Record, error) {
	h.t.Helper()
	e, err := h.model.Find(r.Entity)
	if err != nil {
		h.t.Fatal(err)
	}
	saved, err := h.save(h.t.Context(), e, r.ID, r.Version, r.Values)
	if err != nil {
		return nil, err
	}
	return saved.record(h.t, e), nil
}

// Get returns a record as it is stored. One that is not there ends the test.
func (h *Host) Get(entity, id string) *sdk.Record {
	h.t.Helper()
	e, err := h.model.Find(entity)
	if err != nil {
		h.t.Fatal(err)
	}
	r := h.store.get(e, id)
	if r == nil {
		h.t.Fatalf("there is no %s %s", entity, id)
	}
	return r.record(h.t, e)
}

// Call carries out an operation of the plugin; one that it does not have ends
// the test. A record in the result is its id, a whole number an int64.
func (h *Host) Call(operation string, arguments map[string]any) (any, error) {
	h.t.Helper()
	if !slices.Contains(h.operations, operation) {
		h.t.Fatalf("the plugin has no operation %q%s", operation, strictyaml.Suggest(operation, h.operations))
	}
	encoded, err := pluginpb.Encode(arguments)
	if err != nil {
		h.t.Fatal(err)
	}
	answer, err := h.plugin.Call(h.t.Context(), &pluginpb.CallRequest{Context: during(mutation), Operation: operation, Arguments: encoded})
	if err == nil {
		err = h.refusal(answer.GetError())
	}
	if err != nil {
		return nil, err
	}
	return pluginpb.DecodeAny(answer.GetResult())
}

// Resolve computes a field of the plugin for records that are stored, in one
// call; a field that it does not have ends the test. Values are as in Call.
func (h *Host) Resolve(entity, field string, parents ...*sdk.Record) ([]any, error) {
	h.t.Helper()
	e, err := h.model.Find(entity)
	if err != nil {
		h.t.Fatal(err)
	}
	if name := entity + "." + field; !slices.Contains(h.fields, name) {
		h.t.Fatalf("the plugin has no field %q%s", name, strictyaml.Suggest(name, h.fields))
	}
	request := &pluginpb.ResolveRequest{Context: during(reading), Entity: entity, Field: field}
	for _, parent := range parents {
		r := h.store.get(e, parent.ID)
		if r == nil {
			h.t.Fatalf("there is no %s %s", entity, parent.ID)
		}
		request.Parents = append(request.Parents, r.encode(e))
	}
	answer, err := h.plugin.Resolve(h.t.Context(), request)
	if err == nil {
		err = h.refusal(answer.GetError())
	}
	if err != nil {
		return nil, err
	}
	values := make([]any, len(answer.GetValues()))
	for i, value := range answer.GetValues() {
		if values[i], err = pluginpb.DecodeAny(value); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Finds returns how often the plugin has asked for records with Find: each
// page is a question.
func (h *Host) Finds() int {
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	return h.store.finds
}
