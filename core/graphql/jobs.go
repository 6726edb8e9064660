package graphql

import (
	"context"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
)

var jobInfo = graphql.NewObject(graphql.ObjectConfig{Name: "JobInfo", Description: "A job of a plugin, and how it went last.", Fields: graphql.Fields{
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

// jobs adds what administrators do to the jobs of plugins.
func (b *builder) jobs() {
	args := graphql.FieldConfigArgument{
		"plugin": {Type: graphql.NewNonNull(graphql.String)},
		"job":    {Type: graphql.NewNonNull(graphql.String)},
	}
	add := func(name, description string, do func(ctx context.Context, plugin, job string) error) {
		b.addMutation(program, name, (*sight).administers, &graphql.Field{
			Type: graphql.Boolean, Description: description, Args: args,
			Resolve: administered(pluginState, func(p graphql.ResolveParams) (any, error) {
				err := do(p.Context, p.Args["plugin"].(string), p.Args["job"].(string))
				return err == nil, err
			}),
		})
	}
	add("runPluginJob", "Makes a job due now; it does not wait for the run.", b.Plugins.RunJob)
	add("cancelPluginJob", "Asks a job that runs to stop, on whatever instance it runs.", b.Plugins.CancelJob)
}
