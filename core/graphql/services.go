package graphql

import (
	"slices"
	"strings"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
)

const serviceDoc = `A service of a plugin or of the server: what goes on for as long as that runs, on one of all instances.

It is RUNNING while an instance has its lease; when that was killed, for eight seconds more. It has FAILED when it has ended
by itself, and begins again after a pause. It is WAITING when no instance runs it. While its plugin answers, the first that
may begins it within two seconds. lastError says why it last ended by itself, and stays when it runs again.`

var serviceInfo = graphql.NewObject(graphql.ObjectConfig{Name: "ServiceInfo", Description: serviceDoc, Fields: graphql.Fields{
	"name":      part(graphql.NewNonNull(graphql.String), func(r core.ServiceRun) any { return r.Service }),
	"state":     part(graphql.NewNonNull(graphql.String), func(r core.ServiceRun) any { return string(r.State) }),
	"instance":  part(graphql.String, func(r core.ServiceRun) any { return optional(r.Instance) }),
	"since":     part(dateTime, func(r core.ServiceRun) any { return moment(r.Since) }),
	"lastError": part(graphql.String, func(r core.ServiceRun) any { return optional(r.LastError) }),
	"failedAt":  part(dateTime, func(r core.ServiceRun) any { return moment(r.FailedAt) }),
}})

// services adds the services of the server itself.
func (b *builder) services() {
	b.addQuery(program, "serverServices", (*sight).administers, &graphql.Field{
		Type:        graphql.NewList(graphql.NewNonNull(serviceInfo)),
		Description: "What the server itself goes on doing on one of its instances, such as to look into the mailbox, for administrators.",
		Resolve: administered("The state of the services is", func(p graphql.ResolveParams) (any, error) {
			runs, err := b.Plugins.ServiceRuns(p.Context)
			own := slices.DeleteFunc(runs, func(r core.ServiceRun) bool { return !strings.HasPrefix(r.Plugin, core.OwnPrefix) })
			return append([]core.ServiceRun{}, own...), err
		}),
	})
}
