package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/sdk"
)

// playHanger has a mutation that is never answered, and one that is at once.
func playHanger(p *sdk.Plugin) {
	p.Operations = []sdk.Operation{
		sdk.Mutation("hang", func(ctx context.Context, _ sdk.Host, _ struct{}) (bool, error) {
			<-ctx.Done()
			return false, ctx.Err()
		}),
		sdk.Mutation("answer", func(context.Context, sdk.Host, struct{}) (bool, error) { return true, nil }),
	}
}

// served counts how many lists a few readers get in a while. They take turns
// with others for the machine, so only a comparison says anything.
func (p *process) served(readers int, during time.Duration) int64 {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), during)
	defer cancel()
	var lists atomic.Int64
	var reading sync.WaitGroup
	for range readers {
		reading.Go(func() {
			for ctx.Err() == nil {
				if err := p.ask(`{ products(first: 20) { nodes { id sku name } } }`, nil, new(rawText)); err != nil {
					p.t.Error(err)
					return
				}
				lists.Add(1)
			}
		})
	}
	reading.Wait()
	return lists.Load()
}

// hammered runs users who call a mutation, and call it again soon after each
// answer, until it is told to stop.
func (p *process) hammered(users int, mutation string) (stop func()) {
	ctx, cancel := context.WithCancel(p.t.Context())
	var hammering sync.WaitGroup
	for range users {
		hammering.Go(func() {
			for ctx.Err() == nil {
				_ = p.ask(mutation, nil, new(rawText)) // in vain, if it hangs
				select {
				case <-time.After(250 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	return func() {
		cancel()
		hammering.Wait()
	}
}

// share is how much of what it serves otherwise a server still serves while a
// hundred users call a plugin that hangs. Otherwise they call a mutation that is
// answered; "" is for nobody.
func share(t testing.TB, rounds int, during time.Duration, otherwise string) float64 {
	plugins := t.TempDir()
	cast(t, plugins, "hanger", "timeouts: {mutation: 1s}")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("hanger")
	for n := range 20 {
		p.must(`mutation ($sku: String!) { createProduct(data: {sku: $sku, name: "Dog food"}) { product { id } } }`, map[string]any{"sku": fmt.Sprint(n)})
	}
	p.served(4, during/4)
	beside := func(mutation string) int64 {
		users := 100
		if mutation == "" {
			users = 0
		}
		defer p.hammered(users, mutation)()
		return p.served(4, during)
	}
	var usual, hanging int64
	for range rounds {
		eventually(t, func() string {
			return strings.TrimPrefix(refusal(p.ask(`mutation { answer }`, nil, new(rawText))), "no error")
		})
		usual += beside(otherwise)
		hanging += beside(`mutation { hang }`)
	}
	t.Logf("%d lists otherwise, %d beside a plugin that hangs", usual, hanging)
	p.stop()
	return float64(hanging) / float64(usual)
}

// The machine has other work, and with the race detector every request counts:
// what a hundred users cost anyhow, and what it costs that the plugin hangs, are
// told apart by a plugin that does not. make bench compares with nobody.
func TestAHundredUsersOfAPluginThatHangsLeaveTheRestTheirTime(t *testing.T) {
	if got := share(t, 4, 500*time.Millisecond, `mutation { answer }`); got < 0.8 {
		t.Errorf("beside a plugin that hangs, %.0f %% are served, want 80 %% at least", 100*got)
	}
}

func BenchmarkBesideAPluginThatHangs(b *testing.B) {
	got := share(b, 5, 2*time.Second, "")
	for b.Loop() {
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(100*got, "%served")
}

func TestAFieldOfAWholePageIsOneCall(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "nosy", "needs: {fields: [customer], rules: [customer], events: [customer.created], asPlugin: true, records: {customer: {read: true, fields: {displayName: read}}}}")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("nosy")
	var customers strings.Builder
	for n := range 200 {
		fmt.Fprintf(&customers, `{kind: organization, displayName: "Customer %d"}`, n)
	}
	p.must(`mutation { createCustomers(data: [`+customers.String()+`]) { customer { id } } }`, nil)
	if got := p.must(`{ customers(first: 200) { nodes { seen } } }`, nil); strings.Count(got, `"seen":"displayName since"`) != 200 {
		t.Errorf("not all are resolved: %s", got)
	}
	text := p.metrics(p.key("monitor"))
	for _, line := range []string{
		`xrm_plugin_call_seconds_count{call="customer.seen",code="OK",plugin="nosy"} 1`,
		`xrm_plugin_call_seconds_count{call="BeforeSave customer",code="OK",plugin="nosy"} 1`, // a bulk mutation is one call, too
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("there is no line %s in\n%s", line, text)
		}
	}
	p.stop()
}
