package graphql_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/graphql/transport"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/sqlite"
)

// What the API costs on top of the driver: the same rows, in the same order,
// with the same fields, as JSON.
func BenchmarkList(b *testing.B) {
	onStores(b, func(b *testing.B, s *seeded, driver driverList) {
		for _, size := range []int{20, 200} {
			b.Run(fmt.Sprint(size), func(b *testing.B) {
				query := fmt.Sprintf(`{ products(filter: {name: {gte: %q}}, orderBy: [{name: ASC}], first: %d) { nodes {
					id version sku name category quantityPerUnit unitPrice { amount currency } unitsInStock discontinued } } }`, firstName, size)
				var api, bare []byte
				compare(b, func() { api = s.ask(b, query) }, func() { bare = driver(b, size) })
				if want := `{"data":{"products":{"nodes":` + string(bare) + `}}`; !strings.HasPrefix(string(api), want) || bytes.Count(bare, []byte(`"sku"`)) != size {
					b.Errorf("the API answers\n%s\nand the driver\n%s", api, bare)
				}
			})
		}
	})
}

// Three levels: customers, their orders, the products of the lines.
func BenchmarkThreeLevels(b *testing.B) {
	onStores(b, func(b *testing.B, s *seeded, _ driverList) {
		b.ReportAllocs()
		for b.Loop() {
			s.ask(b, `{ customers(orderBy: [{displayName: ASC}], first: 20) { nodes { number displayName
				orders(orderBy: [{placedOn: DESC}], first: 3) { nodes { number placedOn lines { quantity product { sku name } } } } } } }`)
		}
	})
}

// A list of 20 as a client gets it: over a connection that stays open, with
// its key.
func BenchmarkHTTP(b *testing.B) {
	s := seed(b, openSQLite(b, filepath.Join(b.TempDir(), "xrm.db")))
	secret, hash := identity.NewKey()
	auth := &identity.Authenticator{Keys: oneKey{hash}}
	server := httptest.NewServer(&transport.Handler{
		Engine: func() *execution.Engine { return s.engine },
		Context: func(r *http.Request) (context.Context, error) {
			actor, err := auth.Authenticate(r.Context(), r.Header.Get("Authorization"))
			return graphql.WithActor(r.Context(), actor), err
		},
	})
	defer server.Close()
	body, err := json.Marshal(map[string]string{"query": `{ products(orderBy: [{name: ASC}], first: 20) { nodes { id sku name category unitPrice { amount currency } } } }`})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, server.URL, bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+secret)
		request.Header.Set("Content-Type", "application/json")
		response, err := server.Client().Do(request)
		if err != nil {
			b.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || bytes.Count(answer, []byte(`"sku"`)) != 20 {
			b.Fatalf("%s, %v", answer, err)
		}
	}
}

type oneKey struct{ hash string }

func (k oneKey) KeyByHash(_ context.Context, hash string) (*core.Key, error) {
	if hash != k.hash {
		return nil, nil
	}
	return &core.Key{ID: "k1", Roles: []string{"admin"}}, nil
}

// compare runs two ways to the same end by turns, so that whatever else the
// machine does hits both, and reports the medians of both, their ratio, and
// what each allocates. What the collector does with the garbage of one may be
// charged to the other; the medians leave most of it out.
func compare(b *testing.B, api, driver func()) {
	var times [2][]time.Duration
	for b.Loop() {
		for i, run := range []func(){api, driver} {
			began := time.Now()
			run()
			times[i] = append(times[i], time.Since(began))
		}
	}
	b.ReportAllocs()
	ours, theirs := median(times[0]), median(times[1])
	b.ReportMetric(float64(ours), "ns/op")
	b.ReportMetric(float64(theirs), "driver-ns/op")
	b.ReportMetric(float64(ours)/float64(theirs), "x-driver")
	bytesOurs, allocsOurs := allocated(api)
	bytesTheirs, allocsTheirs := allocated(driver)
	b.ReportMetric(bytesOurs, "B/op")
	b.ReportMetric(allocsOurs, "allocs/op")
	b.ReportMetric(bytesTheirs, "driver-B/op")
	b.ReportMetric(allocsTheirs, "driver-allocs/op")
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// allocated is the mean of some runs.
func allocated(run func()) (bytes, objects float64) {
	const runs = 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		run()
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / runs, float64(after.Mallocs-before.Mallocs) / runs
}

// driverList answers a list with the bare driver.
type driverList func(b *testing.B, size int) []byte

// product has its fields in the order of the query.
type product struct {
	ID              string `json:"id"`
	Version         int64  `json:"version"`
	SKU             string `json:"sku"`
	Name            string `json:"name"`
	Category        string `json:"category"`
	QuantityPerUnit string `json:"quantityPerUnit"`
	UnitPrice       price  `json:"unitPrice"`
	UnitsInStock    int64  `json:"unitsInStock"`
	Discontinued    bool   `json:"discontinued"`
}

type price struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

func onStores(b *testing.B, run func(b *testing.B, s *seeded, driver driverList)) {
	b.Run("sqlite", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "xrm.db")
		run(b, seed(b, openSQLite(b, file)), bareSQLite(b, file))
	})
	b.Run("mongo", func(b *testing.B) {
		uri, db := mongotest.Database(b)
		store, err := mongo.New(mongo.Config{URI: uri})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { store.Close() })
		run(b, seed(b, store), bareMongo(b, db))
	})
}

func openSQLite(b *testing.B, file string) *sqlite.Store {
	b.Helper()
	store, err := sqlite.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	return store
}
