package sdk_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/openxrm/xrm/sdk"
)

// printing is a host that prints what it is asked for. In a test of your own take
// plugintest, which does it.
type printing struct{ sdk.Host }

func (printing) Upsert(_ context.Context, r *sdk.Record, by string) (*sdk.Record, error) {
	fmt.Println("upsert", r.Entity, "by", by, r.Values[by])
	return r, nil
}

func (printing) UpdateIf(_ context.Context, entity, id string, guard sdk.Filter, change sdk.Change) (*sdk.Record, error) {
	fmt.Println("update", entity, id, "if", guard, "adding", change.Add)
	return nil, nil
}

func (printing) Batch(_ context.Context, b sdk.Batch) ([]*sdk.Record, error) {
	fmt.Println("batch", b.Key, "of", len(b.Writes))
	return make([]*sdk.Record, len(b.Writes)), nil
}

func (printing) Each(context.Context, sdk.Criteria) iter.Seq2[*sdk.Record, error] {
	return func(yield func(*sdk.Record, error) bool) {
		_ = yield(&sdk.Record{Entity: "complaint", ID: "c1"}, nil) && yield(&sdk.Record{Entity: "complaint", ID: "c2"}, nil)
	}
}

func (printing) Publish(_ context.Context, name, key string, _ any) error {
	fmt.Println("publish", name, "of", key)
	return nil
}

func (printing) Secret(context.Context, string) (string, error) { return "s3cret", nil }

// Every order earns points, once, however often its event comes.
func ExampleOn() {
	earn := func(ctx context.Context, host sdk.Host, e *sdk.Event) error {
		_, err := host.Upsert(ctx, &sdk.Record{Entity: "points", Values: map[string]any{"source": e.ID, "points": 10}}, "source")
		return err
	}
	plugin := sdk.Plugin{
		Name: "loyalty", Version: "1.0.0",
		Events: []sdk.Subscription{sdk.On("order.created", earn)},
	}
	fmt.Println(plugin.Name, earn(context.Background(), printing{}, &sdk.Event{ID: "order/o1/1"}))
	// Output:
	// upsert points by source order/o1/1
	// loyalty <nil>
}

// Every morning those are told whose complaints have waited for too long.
func ExampleCron() {
	escalate := func(ctx context.Context, host sdk.Host, _ *sdk.JobRun) error {
		overdue := sdk.Criteria{Entity: "complaint", Filter: sdk.Filter{"state": sdk.Filter{"eq": "received"}}}
		for complaint, err := range host.Each(ctx, overdue) {
			if err != nil {
				return err
			}
			if err := host.Publish(ctx, "escalated", complaint.ID, nil); err != nil {
				return err
			}
		}
		return nil
	}
	plugin := sdk.Plugin{
		Name: "complaints", Version: "1.0.0",
		Jobs: []sdk.Job{sdk.Cron("escalate", "0 7 * * 1-5", escalate).In("Europe/Berlin")},
	}
	fmt.Println(plugin.Name, escalate(context.Background(), printing{}, nil))
	// Output:
	// publish escalated of c1
	// publish escalated of c2
	// complaints <nil>
}

// A webhook proves who sends it by a signature over the body as it was sent.
func ExampleHTTP() {
	receive := func(host sdk.Host, w http.ResponseWriter, r *http.Request) {
		secret, err := host.Secret(r.Context(), "erpToken")
		if err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		body, err := io.ReadAll(r.Body)
		sum := hmac.New(sha256.New, []byte(secret))
		sum.Write(body)
		signature, _ := hex.DecodeString(r.Header.Get("X-Signature"))
		if err != nil || !hmac.Equal(sum.Sum(nil), signature) {
			http.Error(w, "the signature does not fit", http.StatusForbidden)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
	plugin := sdk.Plugin{
		Name: "erp", Version: "1.0.0",
		Endpoints: []sdk.Endpoint{sdk.HTTP("POST /orders", receive)},
	}
	answer := httptest.NewRecorder()
	receive(printing{}, answer, httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader("{}")))
	fmt.Println(plugin.Name, answer.Code, answer.Body)
	// Output: erp 403 the signature does not fit
}

// The admin sets what is typed here, and is told what does not fit.
func ExampleConfig() {
	type settings struct {
		SLA  sdk.Duration `json:"sla" default:"48h" doc:"Time until a complaint is overdue."`
		Tone string       `json:"tone" enum:"kind,strict" default:"kind"`
	}
	config := &sdk.Config[settings]{Check: func(s settings) error {
		if s.SLA.Std() < time.Hour {
			return sdk.Reject("sla", "must be an hour at least")
		}
		return nil
	}}
	plugin := sdk.Plugin{Name: "complaints", Version: "1.0.0", Config: config} // handlers call config.Get()
	fmt.Println(plugin.Name, config.Check(settings{SLA: sdk.Duration(time.Minute)}))
	// Output: complaints sla must be an hour at least
}

// A coupon is redeemed by one of all who try at the same time.
func ExampleHost_updateIf() {
	redeem := func(ctx context.Context, host sdk.Host, id string) error {
		_, err := host.UpdateIf(ctx, "coupon", id, sdk.Filter{"remaining": sdk.Filter{"gte": 1}},
			sdk.Change{Add: map[string]sdk.Decimal{"remaining": "-1"}})
		return err // a Conflict when none is left
	}
	fmt.Println(redeem(context.Background(), printing{}, "SPRING"))
	// Output:
	// update coupon SPRING if map[remaining:map[gte:1]] adding map[remaining:-1]
	// <nil>
}

// What is redeemed is written down, and what is written down was redeemed, once for each
// event.
func ExampleHost_batch() {
	redeem := func(ctx context.Context, host sdk.Host, e *sdk.Event) error {
		_, err := host.Batch(ctx, sdk.Batch{
			Key: e.ID,
			Writes: []sdk.Write{
				sdk.UpdateIf("coupon", "SPRING", sdk.Filter{"remaining": sdk.Filter{"gte": 1}}, sdk.Change{Add: map[string]sdk.Decimal{"remaining": "-1"}}),
				sdk.Create(&sdk.Record{Entity: "redemption", Values: map[string]any{"order": e.RecordID}}),
				sdk.Transition("order", e.RecordID, "discounted", "new"),
			},
		})
		return err // a Conflict when none is left: then there is no redemption either
	}
	fmt.Println(redeem(context.Background(), printing{}, &sdk.Event{ID: "order/o1/1", RecordID: "o1"}))
	// Output:
	// batch order/o1/1 of 3
	// <nil>
}
