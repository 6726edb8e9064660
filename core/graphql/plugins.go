package graphql

import (
	"context"
	"slices"
	"time"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// PluginDesk is what administrators ask about plugins, and have done with them.
type PluginDesk interface {
	Plugins() []core.Plugin
	JobRuns(ctx context.Context) ([]core.JobRun, error)
	ServiceRuns(ctx context.Context) ([]core.ServiceRun, error)
	RunJob(ctx context.Context, plugin, job string) error
	CancelJob(ctx context.Context, plugin, job string) error

	Backlog(ctx context.Context) ([]core.Backlog, error)
	DeadLetters(ctx context.Context, plugin string, after core.Delivery, limit int) ([]core.Delivery, error)
	Replay(ctx context.Context, plugin string, events []string) (int, error)
	Discard(ctx context.Context, plugin string, events []string) (int, error)
}

const pluginDoc = `A plugin and how it is doing.

It answers while it is SERVING or DEGRADED. On its way there it is VERIFYING, STARTING, CONFIGURING; on its way out
DRAINING, then STOPPED, DISABLED or REMOVED. MISSING and OUTDATED say that what is in force is not on this server: what it
guards is not saved here. What has gone wrong is in lastError: BACKOFF and CRASH_LOOP are tried again;
INVALID, INCOMPATIBLE and MISCONFIGURED wait for its folder, its settings or its approval to change. update says why what
lies in its folder is not what runs. failed are the calls that it did not answer, or answered with nonsense or a panic, or in
which it asked for what it may not have, since its process began.`

// plugins adds the state of the plugins to the API, and what is done to them
// while they run.
func (b *builder) plugins() {
	if b.Plugins == nil {
		return
	}
	of := part[core.Plugin]
	info := b.own(graphql.ObjectConfig{Name: "PluginInfo", Description: pluginDoc, Fields: graphql.Fields{
		"name":      of(graphql.NewNonNull(graphql.String), func(p core.Plugin) any { return p.Name }),
		"version":   of(graphql.String, func(p core.Plugin) any { return optional(p.Version) }),
		"state":     of(graphql.NewNonNull(graphql.String), func(p core.Plugin) any { return p.State }),
		"since":     of(dateTime, func(p core.Plugin) any { return schema.Instant(p.Since) }),
		"reason":    of(graphql.String, func(p core.Plugin) any { return optional(p.Reason) }),
		"update":    of(graphql.String, func(p core.Plugin) any { return optional(p.Update) }),
		"restarts":  of(graphql.Int, func(p core.Plugin) any { return p.Restarts }),
		"lastError": of(graphql.String, func(p core.Plugin) any { return optional(p.LastError) }),
		"panic":     of(graphql.String, func(p core.Plugin) any { return optional(p.Panic) }),
		"failed":    of(nonNullList(failedCalls), func(p core.Plugin) any { return append([]core.FailedCalls{}, p.Failed...) }),
		"events":    {Type: backlogInfo, Description: "The events that wait for it."},
		"jobs":      {Type: graphql.NewList(graphql.NewNonNull(jobInfo)), Description: "What it does by the clock, and how it went last."},
		"services":  {Type: graphql.NewList(graphql.NewNonNull(serviceInfo)), Description: "What goes on for as long as it runs, and on which instance."},
	}})
	b.resolve("PluginInfo", "events", b.ofPlugins(func(ctx context.Context, answer map[string]any) error {
		backlog, err := b.Plugins.Backlog(ctx)
		for _, one := range backlog {
			answer[one.Subscriber] = one
		}
		return err
	}, core.Backlog{}))
	b.resolve("PluginInfo", "jobs", b.ofPlugins(func(ctx context.Context, answer map[string]any) error {
		runs, err := b.Plugins.JobRuns(ctx)
		for _, run := range runs {
			list, _ := answer[run.Plugin].([]any)
			answer[run.Plugin] = append(list, run)
		}
		return err
	}, []any{}))
	b.resolve("PluginInfo", "services", b.ofPlugins(func(ctx context.Context, answer map[string]any) error {
		runs, err := b.Plugins.ServiceRuns(ctx)
		for _, run := range runs {
			list, _ := answer[run.Plugin].([]any)
			answer[run.Plugin] = append(list, run)
		}
		return err
	}, []any{}))
	b.addQuery(program, "plugins", (*sight).administers, &graphql.Field{
		Type: graphql.NewList(graphql.NewNonNull(info)), Description: "The plugins and how they are doing, for administrators.",
		Resolve: administered(pluginState, func(graphql.ResolveParams) (any, error) { return b.Plugins.Plugins(), nil }),
	})
	b.deadLetters()
	b.jobs()
	b.services()
}

// ofPlugins resolves a field of all plugins of an answer at once: find puts up
// what there is, by the plugin's name.
func (b *builder) ofPlugins(find func(ctx context.Context, answer map[string]any) error, none any) execution.BatchResolve {
	return func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		answer := map[string]any{}
		if err := find(ctx, answer); err != nil {
			return nil, []error{err}
		}
		values := make([]any, len(p.Parents))
		for i, parent := range p.Parents {
			if values[i] = answer[parent.(core.Plugin).Name]; values[i] == nil {
				values[i] = none
			}
		}
		return values, nil
	}
}

const pluginState = "The state of the plugins is"

// administered refuses everybody but administrators; whose completes "... for
// administrators".
func administered(whose string, resolve graphql.FieldResolveFn) graphql.FieldResolveFn {
	return func(p graphql.ResolveParams) (any, error) {
		if a := ActorFrom(p.Context); a.Via != "" || !slices.Contains(a.Roles, core.AdminRole) {
			return nil, &core.Error{Code: core.Forbidden, Message: whose + " for administrators: the role " + core.AdminRole + "."}
		}
		return resolve(p)
	}
}

// part is a field of T.
func part[T any](t graphql.Output, f func(T) any) *graphql.Field {
	return &graphql.Field{Type: t, Resolve: func(p graphql.ResolveParams) (any, error) { return f(p.Source.(T)), nil }}
}

// moment is null for a time that is not known.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return schema.Instant(t)
}

var failedCalls = graphql.NewObject(graphql.ObjectConfig{Name: "FailedCalls", Description: "What has gone wrong with one kind of calls to a plugin.", Fields: graphql.Fields{
	"call":      part(graphql.NewNonNull(graphql.String), func(f core.FailedCalls) any { return f.Call }),
	"count":     part(graphql.NewNonNull(graphql.Int), func(f core.FailedCalls) any { return f.Count }),
	"lastAt":    part(graphql.NewNonNull(dateTime), func(f core.FailedCalls) any { return schema.Instant(f.LastAt) }),
	"lastError": part(graphql.NewNonNull(graphql.String), func(f core.FailedCalls) any { return f.LastError }),
}})

var backlogInfo = graphql.NewObject(graphql.ObjectConfig{Name: "EventBacklog", Description: "Events on their way to a plugin.", Fields: graphql.Fields{
	"waiting":   part(graphql.NewNonNull(graphql.Int), func(b core.Backlog) any { return b.Waiting }),
	"dead":      part(graphql.NewNonNull(graphql.Int), func(b core.Backlog) any { return b.Dead }),
	"oldestDue": part(dateTime, func(b core.Backlog) any { return moment(b.OldestDue) }),
	"lastError": part(graphql.String, func(b core.Backlog) any { return optional(b.LastError) }),
}})
