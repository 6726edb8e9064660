package snapshot_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
)

// heap is what is in use, in MB.
func heap() float64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) / 1e6
}

// largest is a plugin that describes as much as one may.
func largest() snapshot.Contribution {
	most := contract.MaxSize()
	c := snapshot.Contribution{Plugin: "large", Version: "1.0.0", Rights: access.PluginRights{Plugin: "large", Layer: "plugin large"}}
	for n := range most.Entities {
		var file strings.Builder
		fmt.Fprintf(&file, "entity: large%d\nfields:\n", n)
		for f := range most.Fields / most.Entities {
			fmt.Fprintf(&file, "  f%d: {type: text}\n", f)
		}
		c.Entities = append(c.Entities, schema.Source{Layer: "plugin large", File: fmt.Sprintf("plugin large/%d.yaml", n), Data: []byte(file.String())})
	}
	for n := range most.Operations {
		c.Operations = append(c.Operations, snapshot.Operation{Plugin: "large", Name: fmt.Sprint("operation", n), Result: &schema.Field{Name: "result", Type: "text"}})
	}
	return c
}

// What the largest plugin costs in memory, and what of that is left when it has
// ended and when nothing of it is kept any more.
func BenchmarkTheLargestPlugin(b *testing.B) {
	w := newWorld(b, "", nil)
	for b.Loop() {
		w.admit(snapshot.Contribution{Plugin: "large"}) // the first time is of what is made once
		before := heap()
		w.admit(largest())
		there := heap()
		w.admit(largest().Data())
		ended := heap()
		w.admit(snapshot.Contribution{Plugin: "large"})
		b.ReportMetric(there-before, "MB-there")
		b.ReportMetric(ended-before, "MB-ended")
		b.ReportMetric(heap()-before, "MB-forgotten")
	}
}
