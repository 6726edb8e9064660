package graphql

import (
	"context"
	"slices"
	"strings"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
)

var jobInfo = graphql.NewObject(graphql.ObjectConfig{Name: "JobInfo", Description: "A job of a plugin or of the server, and how it went last. Its plugin and name are what runPluginJob and cancelPluginJob ask for.", Fields: graphql.Fields{
	"plugin":     part(graphql.NewNonNull(graphql.String), func(r core.JobRun) any { return r.Plugin }),
	"name":       part(graphql.NewNonNull(graphql.String), func(r core.JobRun) any { return r.Job }),
	"schedule":   part(graphql.String, func(r core.JobRun) any { return optional(r.Schedule) }),
	"nextAt":     part(dateTime, func(r core.JobRun) any { return moment(r.NextAt) }),
	"startedAt":  part(dateTime, func(r core.JobRun) any { return moment(r.StartedAt) }),
	"finishedAt": part(dateTime, func(r core.JobRun) any { return moment(r.FinishedAt) }),
	"outcome":    part(graphql.NewNonNull(graphql.String), func(r core.JobRun) any { return string(r.Outcome) }),
	"error":      part(graphql.String, func(r core.JobRun) any { return optional(r.Error) }),
	"done":       part(long, func(r core.JobRun) any { return r.Progress.Done }),
	"total":      part(long, func(r core.JobRun) any { return r.Progress.Total }),
	"note":       part(graphql.String, func(r core.JobRun) any { return optional(r.Progress.Note) }),
}})

// jobs adds the jobs of the server itself, and what administrators do to those and to
// the jobs of plugins.
func (b *builder) jobs() {
	b.addQuery(program, "serverJobs", (*sight).administers, &graphql.Field{
		Type:        graphql.NewList(graphql.NewNonNull(jobInfo)),
		Description: "What the server itself does in the background, such as after an upgrade, and how it went last, for administrators.",
		Resolve: administered("The state of the jobs is", func(p graphql.ResolveParams) (any, error) {
			runs, err := b.Plugins.JobRuns(p.Context)
			own := slices.DeleteFunc(runs, func(r core.JobRun) bool { return !strings.HasPrefix(r.Plugin, core.OwnPrefix) })
			return append([]core.JobRun{}, own...), err
		}),
	})
	args := graphql.FieldConfigArgument{
		"plugin": {Type: graphql.NewNonNull(graphql.String)},
		"job":    {Type: graphql.NewNonNull(graphql.String)},
	}
	add := func(name, description string, do func(ctx context.Context, plugin, job string) error) {
		b.addMutation(program, name, (*sight).administers, &graphql.Field{
			Type: graphql.Boolean, Description: description, Args: args,
			Resolve: administered(pluginState, func(p graphql.ResolveParams) (any, error) {
				return answerOnce(p.Context, b, name, p.Args, func(ctx context.Context, _ string) (bool, error) {
					err := do(ctx, p.Args["plugin"].(string), p.Args["job"].(string))
					return err == nil, err
				})
			}),
		})
	}
	add("runPluginJob", "Makes a job due now; it does not wait for the run.", b.Plugins.RunJob)
	add("cancelPluginJob", "Asks a job that runs to stop, on whatever instance it runs.", b.Plugins.CancelJob)
}
