package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/openxrm/xrm/sdk"
)

// playSentry forbids some products, changes the others, follows each, and keeps
// papers about parties.
func playSentry(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{
		"entities/sighting.yaml": {Data: []byte("entity: sighting\nfields:\n  sku: {type: text, unique: true}\n")},
		"entities/paper.yaml":    {Data: []byte("entity: paper\nfields:\n  about: {type: reference, to: party}\n")},
	}
	p.PartyData = sdk.OnlyRecords()
	p.BeforeSave = map[string]sdk.SaveFunc{"product": func(_ context.Context, _ sdk.Host, r *sdk.Record) error {
		if r.Text("name") == "Poison" {
			return sdk.Reject("name", "is not sold")
		}
		r.Values["category"] = "judged"
		return nil
	}}
	p.Events = []sdk.Subscription{sdk.On("product.created", func(ctx context.Context, host sdk.Host, e *sdk.Event) error {
		product, err := host.Get(ctx, "product", e.RecordID)
		if err == nil {
			_, err = host.Upsert(ctx, &sdk.Record{Entity: "sighting", Values: map[string]any{"sku": product.Text("sku")}}, "sku")
		}
		return err
	})}
}

// sentryNeeds is what its manifest asks for.
const sentryNeeds = "needs: {rules: [product], events: [product.created], asPlugin: true, records: {product: {read: true, update: true}}}\n"

// attack is clients that write in a loop while the server starts again and again.
type attack struct {
	*testing.T
	server atomic.Pointer[process]

	mu                 sync.Mutex
	products           []string // SKUs that were acknowledged
	merges             []merging
	unjudged, answered int
}

// merging is a merge that was acknowledged.
type merging struct{ paper, into string }

func (a *attack) note(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
	a.answered++
}

// write asks for what is forbidden and for what is not, until stopped is closed.
func (a *attack) write(name string, stopped <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stopped:
			return
		default:
		}
		p, create := a.server.Load(), `mutation ($sku: String!, $name: String!) { createProduct(data: {sku: $sku, name: $name}) { product { category } } }`
		var made struct {
			CreateProduct struct{ Product struct{ Category string } }
		}
		if p.ask(create, map[string]any{"sku": fmt.Sprintf("%s-%d-poison", name, n), "name": "Poison"}, &made) == nil {
			a.note(func() { a.unjudged++ })
		}
		sku := fmt.Sprintf("%s-%d", name, n)
		if p.ask(create, map[string]any{"sku": sku, "name": "Tea"}, &made) == nil {
			a.note(func() {
				a.products = append(a.products, sku)
				if made.CreateProduct.Product.Category != "judged" {
					a.unjudged++
				}
			})
		}
	}
}

// merge merges parties that a paper is about, until stopped is closed.
func (a *attack) merge(stopped <-chan struct{}) {
	for {
		select {
		case <-stopped:
			return
		default:
		}
		p := a.server.Load()
		var made struct {
			A, B struct{ Party struct{ ID string } }
		}
		create := `createParty(data: {kind: person, displayName: "Eva"}) { party { id } }`
		if p.ask(`mutation { a: `+create+` b: `+create+` }`, nil, &made) != nil {
			continue
		}
		from, into := made.A.Party.ID, made.B.Party.ID
		var about struct {
			CreatePaper struct{ Paper struct{ ID string } }
		}
		for p.ask(`mutation { createPaper(data: {about: "`+from+`"}) { paper { id } } }`, nil, &about) != nil {
			select {
			case <-stopped:
				return
			default:
				p = a.server.Load()
			}
		}
		var merged struct{ MergeParties struct{ Outcome string } }
		for merged.MergeParties.Outcome == "" {
			select {
			case <-stopped:
				return
			default:
				_ = a.server.Load().ask(`mutation { mergeParties(from: "`+from+`", into: "`+into+`") { outcome } }`, nil, &merged)
			}
		}
		a.note(func() { a.merges = append(a.merges, merging{about.CreatePaper.Paper.ID, into}) })
	}
}

// progress waits for so many more acknowledged writes.
func (a *attack) progress(by int) {
	a.mu.Lock()
	enough := a.answered + by
	a.mu.Unlock()
	eventually(a.T, func() string {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.answered < enough {
			return fmt.Sprintf("%d writes are acknowledged, want %d", a.answered, enough)
		}
		return ""
	})
}

// restarts is how often a server is started again: XRM_TEST_RESTARTS, or a few
// times.
func restarts(t *testing.T) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("XRM_TEST_RESTARTS")); err == nil {
		return n
	}
	return 3
}

func TestNoStartLetsAWritePassUnjudged(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		plugins, data := t.TempDir(), t.TempDir()
		cast(t, plugins, "sentry", sentryNeeds)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		l.Close() // the clients ask there before the server says where it is
		flags = append(flags, "--plugins", plugins, "--listen", address)
		a := &attack{T: t}
		first := spawn(t, data, nil, flags...).ready()
		first.pluginProcess("sentry")
		first.subscribed("sentry")
		a.server.Store(first)
		stopped := make(chan struct{})
		var writing sync.WaitGroup
		for n := range 3 {
			writing.Go(func() { a.write(fmt.Sprint("W", n), stopped) })
		}
		writing.Go(func() { a.merge(stopped) })
		began := time.Now()
		for n := range restarts(t) {
			a.progress(5)
			if p := a.server.Load(); n%2 == 0 {
				p.kill()
			} else {
				p.signal(syscall.SIGTERM)
				p.status() // requests may be cut off
			}
			a.server.Store(spawn(t, data, nil, flags...))
		}
		a.progress(5)
		close(stopped)
		writing.Wait()
		a.holds()
		t.Logf("%d restarts in %s: %d products, %d merges, %d unjudged", restarts(t), time.Since(began).Round(time.Second), len(a.products), len(a.merges), a.unjudged)
		a.server.Load().stop()
	})
}

// delivered waits until the plugin was told of everything. The lease of a server
// that was killed lasts for a minute and a half.
func (a *attack) delivered(p *process) {
	const all = `{"plugins":[{"events":{"waiting":0,"dead":0}}]}`
	tick, late := time.NewTicker(100*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		got := p.must(`{ plugins { events { waiting dead } } }`, nil)
		if got == all {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			a.Fatalf("after %s of the events there are %s, want %s", patience, got, all)
		}
	}
}

// holds wants everything that was acknowledged judged, told and whole.
func (a *attack) holds() {
	p := a.server.Load().ready()
	if a.unjudged > 0 {
		a.Errorf("%d writes passed unjudged", a.unjudged)
	}
	if got, want := p.must(`{ products(filter: {or: [{name: {eq: "Poison"}}, {category: {isNull: true}}]}) { totalCount } }`, nil), `{"products":{"totalCount":0}}`; got != want {
		a.Errorf("of what is unjudged there is %s", got)
	}
	a.delivered(p)
	for _, sku := range a.products {
		p.becomes(`query ($sku: String!) { sightingBy(key: {sku: $sku}) { sku } }`, map[string]any{"sku": sku}, `{"sightingBy":{"sku":"`+sku+`"}}`)
	}
	for _, m := range a.merges {
		p.becomes(`query ($id: ID!) { paper(id: $id) { about { id } } }`, map[string]any{"id": m.paper}, `{"paper":{"about":{"id":"`+m.into+`"}}}`)
	}
}
