package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/sdk"
)

// playAsker asks the host once in its rule for products.
func playAsker(p *sdk.Plugin) {
	p.BeforeSave = map[string]sdk.SaveFunc{"product": func(ctx context.Context, host sdk.Host, r *sdk.Record) error {
		if r.Text("name") == "silent" {
			return nil
		}
		_, err := host.Get(ctx, "product", r.ID)
		return err
	}}
}

// quick is a server of this process with one plugin, for benchmarks.
func quick(b testing.TB, plugins string) embedded {
	b.Helper()
	c := defaultConfig()
	c.Data, c.Plugins, c.Trust, c.Log.Level = b.TempDir(), plugins, string(pluginhost.TrustAny), "error"
	return within(b, c, func(*pluginhost.Config) {})
}

// all waits until every plugin serves, and returns how they are.
func (u embedded) all(t testing.TB) (statuses []pluginhost.Status) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := u.host.Wait(ctx, func(all []pluginhost.Status) bool {
		statuses = all
		return !slices.ContainsFunc(all, func(s pluginhost.Status) bool { return s.State != pluginhost.Serving })
	})
	if err != nil {
		t.Fatalf("%v: %+v", err, u.host.Plugins())
	}
	return statuses
}

// median reports the one in the middle.
func median(b *testing.B, durations []time.Duration) {
	slices.Sort(durations)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(durations[len(durations)/2].Microseconds())/1000, "ms-median")
}

// A rule of a Go plugin, asked over gRPC in its own process.
func BenchmarkRule(b *testing.B) {
	plugins := b.TempDir()
	cast(b, plugins, "asker", "needs: {rules: [product], records: {product: {read: true}}}")
	u := quick(b, plugins)
	u.all(b)
	made := u.save(b, "product", []record.Draft{{Action: core.Created, Set: map[string]any{"sku": "P-1", "name": "silent"}}})[0]
	for name, product := range map[string]string{"without callback": "silent", "with one callback": "curious"} {
		b.Run(name, func(b *testing.B) {
			now := u.admission.Current()
			after := made.Clone()
			after.Values["name"] = product
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				for _, err := range now.Hooks[0].BeforeSave(b.Context(), now.Basis, now.Model.Entity("product"), []core.Change{{Actor: u.admin, Action: core.Updated, Before: made, After: after}}) {
					if err != nil {
						b.Fatal(err)
					}
				}
				took = append(took, time.Since(began))
			}
			median(b, took)
		})
	}
}

// A field of a Go plugin, computed for a page of 200 parents.
func BenchmarkField(b *testing.B) {
	plugins := b.TempDir()
	cast(b, plugins, "nosy", "needs: {fields: [customer], rules: [customer], events: [customer.created], asPlugin: true, records: {customer: {read: true, fields: {displayName: read}}}}")
	u := quick(b, plugins)
	u.all(b)
	var drafts []record.Draft
	for n := range 200 {
		drafts = append(drafts, record.Draft{Action: core.Created, Set: map[string]any{"kind": "organization", "displayName": fmt.Sprint("Customer ", n)}})
	}
	parents := u.save(b, "customer", drafts)
	now := u.admission.Current()
	field := now.Contributions[0].Fields[0]
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		seen, err := now.Contributions[0].By.Resolve(b.Context(), now.Basis, u.admin, field, parents)
		if err != nil || len(seen) != len(parents) {
			b.Fatal(len(seen), err)
		}
		took = append(took, time.Since(began))
	}
	median(b, took)
}

// How much memory examples/hello-plugin needs that does nothing.
func BenchmarkIdlePlugin(b *testing.B) {
	u := quick(b, builtPlugins(b, [2]string{"hello", "../../examples/hello-plugin"}))
	hello := u.all(b)[1]
	for b.Loop() {
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(resident(b, hello.PID), "MB-resident")
}

// resident is how much memory a process has in use, in megabytes.
func resident(t testing.TB, pid int) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kB, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB / 1024
}

// From the end of a process until the next one serves, for the first time in a
// while.
func BenchmarkRestart(b *testing.B) {
	plugins := builtPlugins(b)
	var took []time.Duration
	for b.Loop() {
		u := quick(b, plugins)
		pid := u.all(b)[0].PID
		began := time.Now()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			b.Fatal(err)
		}
		if err := u.host.Wait(b.Context(), func(all []pluginhost.Status) bool {
			return all[0].State == pluginhost.Serving && all[0].PID != pid
		}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	median(b, took)
}

// Until ten plugins serve that start together.
func BenchmarkTenPluginsStart(b *testing.B) {
	plugins, program := b.TempDir(), filepath.Join(b.TempDir(), "idle")
	if out, err := exec.Command("go", "build", "-o", program, "./testdata/idle").CombinedOutput(); err != nil {
		b.Fatalf("build the plugin: %v\n%s", err, out)
	}
	for n := range 10 {
		name := fmt.Sprintf("idle-%d", n)
		write(b, filepath.Join(plugins, name, "plugin.yaml"), "name: "+name+"\nversion: 1.0.0\nprotocol: 1\nexecutable: "+name+"\n")
		if err := os.Link(program, filepath.Join(plugins, name, name)); err != nil {
			b.Fatal(err)
		}
	}
	cache := b.TempDir() // filled by the first start, as everywhere but on the first day
	registry, err := sqlite.OpenMemory()
	if err != nil {
		b.Fatal(err)
	}
	defer registry.Close()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		host, err := pluginhost.New(pluginhost.Config{Dir: plugins, Trust: pluginhost.TrustAny, CacheDir: cache, Registry: registry, Shim: shim()})
		if err == nil {
			err = host.Start(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
		if err := host.Wait(b.Context(), func(all []pluginhost.Status) bool {
			return !slices.ContainsFunc(all, func(s pluginhost.Status) bool { return s.State != pluginhost.Serving })
		}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		if err := host.Close(); err != nil {
			b.Fatal(err)
		}
	}
	median(b, took)
}
