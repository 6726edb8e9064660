package main

import (
	"cmp"
	"log/slog"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/openxrm/xrm/core/budget"
)

// shareOfMemory is what the server takes of the memory that its cgroup or, without
// a limit there, the machine has. The rest is for its plugins.
const shareOfMemory = 0.7

// limitMemory tells the garbage collector how much memory there is, unless
// GOMEMLIMIT says it.
func limitMemory(log *slog.Logger) {
	_, err := memlimit.Set(memlimit.WithRatio(shareOfMemory), memlimit.WithProvider(memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)))
	if err != nil {
		log.Warn("the memory of the machine is not known; set GOMEMLIMIT to how much of it the server may use", "error", err)
	}
}

// budgets are what requests may hold: as configured, or else of what the server
// may use.
func budgets(l Limits) budget.Limits {
	shares := budget.For(debug.SetMemoryLimit(-1))
	return budget.Limits{
		Request: cmp.Or(int64(l.RequestMemory), shares.Request),
		Key:     cmp.Or(int64(l.KeyMemory), shares.Key),
		Server:  cmp.Or(int64(l.TotalMemory), shares.Server),
	}
}
