package sdk_test

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/openxrm/xrm/sdk/plugintest"
	"google.golang.org/grpc"
)

func TestEachReadsAllInOrder(t *testing.T) {
	tests := map[string]struct {
		criteria sdk.Criteria
		want     int
		last     string
	}{
		"all of them":      {sdk.Criteria{Entity: "product", OrderBy: []string{"sku"}}, 250, "Product 099"},
		"up to a limit":    {sdk.Criteria{Entity: "product", Limit: 120}, 120, "Product 119"},
		"those that match": {sdk.Criteria{Entity: "product", Filter: sdk.Filter{"sku": sdk.Filter{"in": []string{"7", "8"}}}}, 2, "Product 008"},
		"none":             {sdk.Criteria{Entity: "product", Filter: sdk.Filter{"sku": sdk.Filter{"eq": "x"}}}, 0, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := asking(t, func(ctx context.Context, host sdk.Host) error {
				read, last := 0, ""
				for product, err := range host.Each(ctx, tt.criteria) {
					if err != nil {
						return err
					}
					read, last = read+1, product.Text("name")
				}
				if read != tt.want || last != tt.last {
					t.Errorf("read %d, last %q; want %d, last %q", read, last, tt.want, tt.last)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEachEndsWithTheFirstError(t *testing.T) {
	err := asking(t, func(ctx context.Context, host sdk.Host) error {
		var failed error
		rounds := 0
		for _, err := range host.Each(ctx, sdk.Criteria{Entity: "product", Filter: sdk.Filter{"nam": sdk.Filter{"eq": "x"}}}) {
			rounds++
			failed = err
		}
		if want := `INVALID The filter does not fit products.; filter.nam is no field; did you mean "name"?`; rounds != 1 || refused(failed) != want {
			t.Errorf("%d rounds, %s; want one, %s", rounds, refused(failed), want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// endless has pages without end, and tells when nobody reads them any more.
type endless struct {
	pluginpb.UnimplementedHostServer
	left chan struct{}
}

func (e endless) Each(_ *pluginpb.FindRequest, stream grpc.ServerStreamingServer[pluginpb.FindResponse]) error {
	defer close(e.left)
	for {
		if err := stream.Send(&pluginpb.FindResponse{Records: []*pluginpb.Record{{Entity: "product", Id: "p1"}, {Entity: "product", Id: "p2"}}}); err != nil {
			return err
		}
	}
}

func TestEachThatIsLeftEarlyEndsTheStream(t *testing.T) {
	host := endless{left: make(chan struct{})}
	plugin := serve(t, sdk.Plugin{Name: "reader", Version: "1", Operations: []sdk.Operation{
		sdk.Query("first", func(ctx context.Context, h sdk.Host, _ struct{}) (string, error) {
			read := 0
			for product, err := range h.Each(ctx, sdk.Criteria{Entity: "product"}) {
				if read++; err != nil || read == 3 {
					return product.ID, err
				}
			}
			return "", nil
		}),
	}}, host)
	answer, err := plugin.Call(t.Context(), &pluginpb.CallRequest{Operation: "first", Arguments: []byte(`{}`)})
	if err != nil || string(answer.GetResult()) != `"p1"` {
		t.Errorf("first = %v, %v", answer, err)
	}
	<-host.left
}

// witness keeps the context of the last callback.
type witness struct {
	pluginpb.UnimplementedHostServer
	seen chan *pluginpb.CallContext
}

func (w witness) Get(_ context.Context, r *pluginpb.GetRequest) (*pluginpb.GetResponse, error) {
	w.seen <- r.GetContext()
	return &pluginpb.GetResponse{Record: &pluginpb.Record{}}, nil
}

func TestAsPluginSaysSoInEveryCallback(t *testing.T) {
	host := witness{seen: make(chan *pluginpb.CallContext, 2)}
	plugin := serve(t, sdk.Plugin{Name: "reader", Version: "1", Operations: []sdk.Operation{
		sdk.Query("look", func(ctx context.Context, h sdk.Host, _ struct{}) (string, error) {
			if _, err := h.AsPlugin().Get(ctx, "product", "p1"); err != nil {
				return "", err
			}
			_, err := h.Get(ctx, "product", "p1")
			return h.User().ID, err
		}),
	}}, host)
	answer, err := plugin.Call(t.Context(), &pluginpb.CallRequest{
		Context:   &pluginpb.CallContext{Token: "t1", User: &pluginpb.User{Id: "anna"}},
		Operation: "look", Arguments: []byte(`{}`),
	})
	if err != nil || string(answer.GetResult()) != `"anna"` {
		t.Fatalf("look = %v, %v", answer, err)
	}
	for _, want := range []bool{true, false} {
		if seen := <-host.seen; seen.GetAsPlugin() != want || seen.GetToken() != "t1" {
			t.Errorf("the callback came with %v; want as_plugin %v", seen, want)
		}
	}
}

var sale = fstest.MapFS{"sale.yaml": {Data: []byte(`entity: sale
fields:
  region: {type: text, index: true}
  units: {type: integer}
  price: {type: decimal}
  total: {type: money}
  soldOn: {type: date}
  tags: {type: list, of: {type: text}}
`)}}

func TestAggregateIsExact(t *testing.T) {
	var groups []sdk.Group
	var failed error
	question := sdk.Aggregation{}
	h := plugintest.Start(t, sdk.Plugin{Name: "sales", Version: "1", Entities: sale, Operations: []sdk.Operation{
		sdk.Query("ask", func(ctx context.Context, host sdk.Host, _ struct{}) (bool, error) {
			groups, failed = host.Aggregate(ctx, question)
			return true, nil
		}),
	}})
	for i, values := range []map[string]any{
		{"region": "North", "units": 1, "price": "0.1", "total": map[string]any{"amount": "0.10", "currency": "EUR"}, "soldOn": "2026-01-03"},
		{"region": "North", "units": 2, "price": "0.2", "total": map[string]any{"amount": "0.20", "currency": "EUR"}, "soldOn": "2026-01-02"},
		{"region": "South", "units": 4, "price": "12345678901234567890.5", "total": map[string]any{"amount": "7", "currency": "CHF"}, "soldOn": "2026-01-01"},
		{"units": 2},
	} {
		if h.Add("sale", values) == nil {
			t.Fatal(i)
		}
	}
	tests := map[string]struct {
		question sdk.Aggregation
		want     []sdk.Group
		refusal  string
	}{
		"one group of all": {
			question: sdk.Aggregation{Measures: []sdk.Measure{sdk.Sum("price"), sdk.Avg("units"), sdk.Min("soldOn"), sdk.Max("units"), sdk.Sum("units")}},
			want:     []sdk.Group{{Keys: []any{}, Count: 4, Values: []any{"12345678901234567890.8", "2.25", "2026-01-01", int64(4), int64(9)}}},
		},
		"by a field, those without one first": {
			question: sdk.Aggregation{By: []string{"region"}, Measures: []sdk.Measure{sdk.Sum("price")}},
			want: []sdk.Group{
				{Keys: []any{nil}, Count: 1, Values: []any{nil}}, {Keys: []any{"North"}, Count: 2, Values: []any{"0.3"}},
				{Keys: []any{"South"}, Count: 1, Values: []any{"12345678901234567890.5"}},
			},
		},
		"money by its currency": {
			question: sdk.Aggregation{Filter: sdk.Filter{"region": sdk.Filter{"isNull": false}}, By: []string{"total.currency"}, Measures: []sdk.Measure{sdk.Sum("total.amount")}},
			want:     []sdk.Group{{Keys: []any{"CHF"}, Count: 1, Values: []any{"7"}}, {Keys: []any{"EUR"}, Count: 2, Values: []any{"0.3"}}},
		},
		"of no records": {
			question: sdk.Aggregation{Filter: sdk.Filter{"region": sdk.Filter{"eq": "West"}}, Measures: []sdk.Measure{sdk.Max("units")}},
			want:     []sdk.Group{{Keys: []any{}, Count: 0, Values: []any{nil}}},
		},
		"all mistakes at once": {
			question: sdk.Aggregation{By: []string{"regoin", "tags"}, Measures: []sdk.Measure{sdk.Sum("region"), sdk.Sum("total.amount"), sdk.Max("total")}},
			refusal: "INVALID The aggregate was not understood: some parts need attention.; by.regoin is no field; by.tags has several values in a record: take each by itself, with items: tags; " +
				"max.total is no single value: name one that lies in it, such as total.amount; sum.region must be a number, not of the type text; " +
				"sum.total.amount would mix amounts of different currencies: group by total.currency as well",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			question = tt.question
			question.Entity = "sale"
			if _, err := h.Call("ask", nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, groups); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
			if tt.refusal != "" && refused(failed) != tt.refusal || tt.refusal == "" && failed != nil {
				t.Errorf("refusal\n%s\nwant\n%s", fmt.Sprint(failed), tt.refusal)
			}
		})
	}
}
