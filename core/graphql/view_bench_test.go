package graphql_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// What the first request of a set of roles costs, and what is kept for it.
func BenchmarkView(b *testing.B) {
	wideRole := "role: some\n"
	for i := 0; i < 200; i += 2 {
		wideRole += fmt.Sprintf("thing%03d: {read: true, create: true, fields: {\"*\": write, field12: none, field20: none, grade: read}}\n", i)
	}
	const shippedRole = "role: some\ncustomer: {read: true, update: true, fields: {\"*\": write, creditLimit: none}}\norder: {read: true, create: true}\nproduct: {read: true}\n"
	for name, model := range map[string]struct {
		sources []schema.Source
		role    string
	}{
		"the shipped model":         {entities.Sources(), shippedRole},
		"200 entities of 40 fields": {wide(200), wideRole},
	} {
		b.Run(name, func(b *testing.B) {
			engine := restricted(b, model.sources, model.role)
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				// A role that nobody has defined makes another set of roles.
				if _, err := engine.Prepare(acting(b, "some", fmt.Sprint("other", n)), `{ entities { name } }`); err != nil {
					b.Fatal(err)
				}
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			if n >= execution.MaxViews {
				b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/execution.MaxViews, "B/view")
			}
			runtime.KeepAlive(engine)
		})
	}
}

// What a view costs a request that is not the first: a document that is known.
func BenchmarkPrepareInView(b *testing.B) {
	engine := restricted(b, entities.Sources(), "role: some\ncustomer: {read: true}\n")
	const query = `{ customers(first: 1) { nodes { id displayName } } }`
	for name, roles := range map[string][]string{"of an administrator": {core.AdminRole}, "of one role": {"some"}, "of two roles": {"some", "other"}} {
		b.Run(name, func(b *testing.B) {
			ctx := acting(b, roles...)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := engine.Prepare(ctx, query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func restricted(b *testing.B, sources []schema.Source, role string) *execution.Engine {
	b.Helper()
	m, err := schema.Load(sources...)
	if err != nil {
		b.Fatal(err)
	}
	policy, err := access.LoadRoles(m, []schema.Source{source("site", "some.role.yaml", role)})
	if err != nil {
		b.Fatal(err)
	}
	engine, err := graphql.Build(graphql.Config{Snapshot: &snapshot.Snapshot{Basis: record.Basis{Model: m, Policy: policy}}})
	if err != nil {
		b.Fatal(err)
	}
	return engine
}

func acting(b *testing.B, roles ...string) context.Context {
	return graphql.WithActor(b.Context(), core.Actor{ID: "a", Roles: roles})
}
