package graphql

import (
	"slices"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

const pluginDoc = `A plugin and how it is doing.

It answers while it is SERVING or DEGRADED. On its way there it is VERIFYING, STARTING, CONFIGURING; on its way out
DRAINING, then STOPPED, DISABLED or REMOVED. What has gone wrong is in lastError: BACKOFF and CRASH_LOOP are tried again;
INVALID, INCOMPATIBLE and MISCONFIGURED wait for its folder, its settings or its approval to change. update says why what
lies in its folder is not what runs.`

// plugins adds the state of the plugins to the API.
func (b *builder) plugins() {
	if b.Plugins == nil {
		return
	}
	of := func(t graphql.Output, f func(core.Plugin) any) *graphql.Field {
		return &graphql.Field{Type: t, Resolve: func(p graphql.ResolveParams) (any, error) { return f(p.Source.(core.Plugin)), nil }}
	}
	info := graphql.NewObject(graphql.ObjectConfig{Name: "PluginInfo", Description: pluginDoc, Fields: graphql.Fields{
		"name":      of(graphql.NewNonNull(graphql.String), func(p core.Plugin) any { return p.Name }),
		"version":   of(graphql.String, func(p core.Plugin) any { return optional(p.Version) }),
		"state":     of(graphql.NewNonNull(graphql.String), func(p core.Plugin) any { return p.State }),
		"since":     of(dateTime, func(p core.Plugin) any { return schema.Instant(p.Since) }),
		"reason":    of(graphql.String, func(p core.Plugin) any { return optional(p.Reason) }),
		"update":    of(graphql.String, func(p core.Plugin) any { return optional(p.Update) }),
		"restarts":  of(graphql.Int, func(p core.Plugin) any { return p.Restarts }),
		"lastError": of(graphql.String, func(p core.Plugin) any { return optional(p.LastError) }),
		"panic":     of(graphql.String, func(p core.Plugin) any { return optional(p.Panic) }),
	}})
	b.query["plugins"] = &graphql.Field{
		Type: graphql.NewList(graphql.NewNonNull(info)), Description: "The plugins and how they are doing, for administrators.",
		Resolve: func(p graphql.ResolveParams) (any, error) {
			if !slices.Contains(ActorFrom(p.Context).Roles, core.AdminRole) {
				return nil, &core.Error{Code: core.Forbidden, Message: "The state of the plugins is for administrators: the role " + core.AdminRole + "."}
			}
			return b.Plugins(), nil
		},
	}
}
