package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/cron"
)

// api keeps the GraphQL engine that fits the current model and the plugins.
type api struct {
	config  Config
	log     *slog.Logger
	service *record.Service
	relay   *journal.Relay
	catalog *catalog.Catalog
	policy  *access.Policy
	host    atomic.Pointer[pluginhost.Host]
	engine  atomic.Pointer[execution.Engine]

	mu       sync.Mutex // one rebuild at a time
	accepted map[string]pluginhost.Contribution
	changed  chan struct{} // has a value when the model may have changed; holds one

	desk graphql.PluginDesk
	keys graphql.KeyDesk
}

// accept makes what a plugin contributes part of the model and of the API, or
// refuses all of it. Requests that run keep the engine that they started with.
func (a *api) accept(c pluginhost.Contribution) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer func() {
		select {
		case a.changed <- struct{}{}:
		default: // it will be looked at anyway
		}
	}()
	if err := a.guarded(c.Plugin, func() error { return a.catalog.Offer(c.Plugin, c.Entities) }); err != nil {
		return err
	}
	candidate := maps.Clone(a.accepted)
	candidate[c.Plugin] = c
	if err := a.guarded(c.Plugin, func() error { return a.fit(c, candidate) }); err != nil {
		// Its entities alone would stay, and its rights: back to those it had.
		return errors.Join(err, a.catalog.Offer(c.Plugin, a.accepted[c.Plugin].Entities), a.policy.Grant(a.catalog.Model(), rights(a.accepted)))
	}
	a.accepted = candidate
	faults, _ := a.policy.Roles.Check(a.catalog.Model())
	for _, f := range faults {
		a.log.Warn("a role has a rule that does not fit the entity; it grants nothing", "rule", f.Error())
	}
	return nil
}

// mentions refuses a contribution that names an entity that is not there, or
// that takes away one that another names: a rule for it would never run. It also
// refuses one that brings an entity of the name of a plugin.
func mentions(m *schema.Model, c pluginhost.Contribution, all map[string]pluginhost.Contribution) error {
	if err := cmp.Or(c.Check(m), c.CheckName(m)); err != nil {
		return err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if err := all[name].Check(m); err != nil {
			errs = append(errs, fmt.Errorf("the plugin %s needs what this one no longer has: %w", name, err))
		}
		if err := all[name].CheckName(m); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// guarded does something with what a plugin contributes: a mistake of ours with
// it is no end of the server.
func (a *api) guarded(plugin string, do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			a.log.Error("a plugin made xrm panic", "plugin", plugin, "panic", cause, "stack", string(debug.Stack()))
			err = fmt.Errorf("xrm panicked over what it contributes: %v", cause)
		}
	}()
	return do()
}

// fit tries what a plugin contributes together with all others.
func (a *api) fit(c pluginhost.Contribution, candidate map[string]pluginhost.Contribution) error {
	m := a.catalog.Model()
	err := errors.Join(mentions(m, c, candidate), c.CheckTopics(m), schedules(c))
	if err == nil {
		err = errors.Join(c.CheckNeeds(m), c.CheckParties(m))
	}
	if err == nil {
		err = a.policy.Grant(m, rights(candidate))
	}
	if err == nil {
		err = a.build(candidate)
	}
	return err
}

// rights are what the plugins were granted.
func rights(contributions map[string]pluginhost.Contribution) []access.PluginRights {
	var all []access.PluginRights
	for _, name := range slices.Sorted(maps.Keys(contributions)) {
		one := access.PluginRights{Plugin: name, Layer: contributions[name].Layer()}
		if needs := contributions[name].Needs; needs != nil {
			one.File, one.Records = needs.Records.File, needs.Records.Node
		}
		all = append(all, one)
	}
	return all
}

// schedules refuses jobs that would never run.
func schedules(c pluginhost.Contribution) error {
	var errs []error
	for _, j := range c.Jobs {
		if _, err := cron.Parse(j.Schedule, j.TimeZone); err != nil {
			errs = append(errs, fmt.Errorf("job %s: %w", j.Name, err))
		}
	}
	return errors.Join(errs...)
}

// ExportParty asks the plugins for what they keep about a party.
func (a *api) ExportParty(ctx context.Context, m *schema.Model, actor core.Actor, id string) ([]core.PluginPart, error) {
	host := a.host.Load()
	if host == nil {
		return nil, nil
	}
	return host.ExportParty(ctx, m, actor, id)
}

// build makes an engine for the current model and swaps it in.
func (a *api) build(contributions map[string]pluginhost.Contribution) error {
	config := graphql.Config{
		Model: a.catalog.Model(), Service: a.service,
		MaxPageSize: a.config.Limits.Page, MaxCount: a.config.Limits.Count,
		Limits: execution.Limits{
			Depth: a.config.Limits.Depth, Cost: a.config.Limits.Cost, DocumentBytes: a.config.Limits.DocumentBytes,
			EventTime: a.config.Timeout.Request,
		},
		Plugins:   a.desk,
		Keys:      a.keys,
		Parties:   &party.Service{Records: a.service, Journal: a.relay, Elsewhere: a},
		Log:       a.logFailure,
		RequestID: requestID,
	}
	for _, name := range slices.Sorted(maps.Keys(contributions)) {
		c := contributions[name]
		for _, op := range c.Operations {
			config.Operations = append(config.Operations, a.operation(op))
		}
		for _, f := range c.Fields {
			config.Fields = append(config.Fields, a.field(f))
		}
	}
	engine, err := graphql.Build(config)
	if err != nil {
		return err
	}
	a.engine.Store(engine)
	return nil
}

func (a *api) operation(op pluginhost.Operation) graphql.Operation {
	added := graphql.Operation{
		Plugin: op.Plugin, Name: op.Name, Doc: op.Doc, Mutation: op.Mutation, Arguments: op.Arguments, Result: op.Result,
	}
	if op.Subscription {
		added.Subscribe = func(ctx context.Context, actor core.Actor, m *schema.Model, arguments map[string]any) iter.Seq2[any, error] {
			return a.host.Load().Subscribe(ctx, m, actor, op, arguments)
		}
		return added
	}
	added.Call = func(ctx context.Context, actor core.Actor, m *schema.Model, arguments map[string]any) (any, error) {
		return a.host.Load().Call(ctx, m, actor, op, arguments)
	}
	return added
}

func (a *api) field(f pluginhost.ComputedField) graphql.ComputedField {
	return graphql.ComputedField{
		Plugin: f.Plugin, Entity: f.Entity, Field: f.Field,
		Resolve: func(ctx context.Context, actor core.Actor, m *schema.Model, parents []*core.Record) ([]any, error) {
			return a.host.Load().Resolve(ctx, m, actor, f, parents)
		},
	}
}

func (a *api) plugins() []core.Plugin {
	host := a.host.Load()
	if host == nil {
		return nil
	}
	list := []core.Plugin{} // the API tells none from null
	for _, s := range host.Plugins() {
		list = append(list, s.Plugin())
	}
	return list
}

func (a *api) logFailure(ctx context.Context, f execution.Failure) {
	attrs := []any{"request", requestID(ctx), "field", f.Field, "path", fmt.Sprint(f.Path), "error", f.Err}
	if len(f.Stack) > 0 {
		attrs = append(attrs, "stack", string(f.Stack))
	}
	a.log.ErrorContext(ctx, "a request failed", attrs...)
}

// pluginHook lets the record service call the host, which is started after it.
type pluginHook struct{ api *api }

var _ record.Hook = pluginHook{}

func (h pluginHook) BeforeSave(ctx context.Context, m *schema.Model, e *schema.Entity, changes []core.Change) []error {
	if host := h.api.host.Load(); host != nil {
		return host.BeforeSave(ctx, m, e, changes)
	}
	return nil
}
