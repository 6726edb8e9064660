package pluginhost_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Subscribe does what it is told, as job does.
func (a *actor) Subscribe(r *pluginpb.SubscribeRequest, stream pluginpb.Plugin_SubscribeServer) error {
	arguments, err := pluginpb.Decode(r.GetArguments())
	if err != nil {
		return err
	}
	send := func(value string) {
		err = errors.Join(err, stream.Send(&pluginpb.SubscribeResponse{Result: []byte(value)}))
	}
	a.followers.Add(1)
	defer a.followers.Add(-1)
	switch verb, object, _ := strings.Cut(arguments["what"].(string), " "); verb {
	case "count":
		var n int
		fmt.Sscan(object, &n)
		for i := range n {
			send(fmt.Sprintf("%q", fmt.Sprint(i+1)))
		}
	case "watch":
		send(fmt.Sprintf("%q", manifested("version")))
		<-stream.Context().Done()
	case "hear": // on a topic
		heard := make(chan *pluginpb.HearRequest, 100)
		a.heard.Store(heard, true)
		defer a.heard.Delete(heard)
		listens, failed := a.host.Listen(stream.Context(), &pluginpb.ListenRequest{Context: r.GetContext(), Topic: object})
		if err := errors.Join(failed, toError(listens.GetError())); err != nil {
			return err
		}
		for send(`"listens"`); err == nil; {
			select {
			case <-stream.Context().Done():
				return nil
			case said := <-heard:
				if said.GetMissed() {
					send(`"missed"`)
				}
				for _, h := range said.GetHeard() {
					send(fmt.Sprintf("%q", h.GetTopic()+" "+string(h.GetValue())))
				}
			}
		}
	case "refuse":
		send(`"first"`)
		return stream.Send(&pluginpb.SubscribeResponse{Error: &pluginpb.Error{Code: "FORBIDDEN", Message: "Not any more."}})
	case "lie":
		send("7")
	case "find":
		found, failed := a.host.Find(stream.Context(), &pluginpb.FindRequest{Context: r.GetContext(), Entity: "ticket"})
		send(fmt.Sprintf("%q", fmt.Sprintf("%d records, %v", len(found.GetRecords()), errors.Join(failed, toError(found.GetError())))))
	case "save":
		saved, failed := a.host.Save(stream.Context(), &pluginpb.SaveRequest{Context: r.GetContext(), Entity: "ticket", Patch: []byte(`{}`)})
		send(fmt.Sprintf("%q", fmt.Sprint(errors.Join(failed, toError(saved.GetError())))))
	}
	return err
}

func toError(e *pluginpb.Error) error {
	if e == nil {
		return nil
	}
	return errors.New(e.GetMessage())
}

// follows gathers what a subscription gives until it ends or told says that it
// is enough.
func follows(ctx context.Context, t *testing.T, h *pluginhost.Host, what string, enough func(results int) bool) (results []any, last error) {
	t.Helper()
	for result, err := range h.Subscribe(ctx, record.Basis{Model: model(t)}, agent, operation(t, h, "follow"), map[string]any{"what": what}) {
		if err != nil {
			return results, err
		}
		results = append(results, result)
		if enough(len(results)) {
			break
		}
	}
	return results, nil
}

func never(int) bool { return false }

func TestASubscriptionGivesWhatThePluginSends(t *testing.T) {
	t.Parallel()
	h, _ := working(t, pluginhost.Config{})
	tests := map[string]struct {
		what string
		want []any
		last string
	}{
		"three results":            {what: "count 3", want: []any{"1", "2", "3"}},
		"no result":                {what: "count 0"},
		"an end with an error":     {what: "refuse", want: []any{"first"}, last: "FORBIDDEN Not any more."},
		"a result of another type": {what: "lie", last: "INTERNAL The plugin p made a mistake; the details are in the server's log"},
		"a callback":               {what: "find", want: []any{"0 records, <nil>"}},
		"a callback that writes": {what: "save", want: []any{
			"The plugin p wanted to save a ticket in the middle of a read or of another write. Queries, fields and rules have no effects.",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := follows(t.Context(), t, h, tt.what, never)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			if told(err) != tt.last {
				t.Errorf("the end is %s, want %s", told(err), tt.last)
			}
		})
	}
}

const notRunning = "UNAVAILABLE The plugin p is not running at the moment. Try again in a few seconds."

func TestASubscriptionEndsWithItsPluginAndBeginsAnewWithTheNextProcess(t *testing.T) {
	t.Parallel()
	h, _ := working(t, pluginhost.Config{})
	_, err := follows(t.Context(), t, h, "watch", func(int) bool {
		signal(t, h.Plugins()[0].PID, syscall.SIGKILL)
		return false
	})
	if told(err) != notRunning {
		t.Errorf("the end is %s, want %s", told(err), notRunning)
	}
	await(t, h, "p", func(s pluginhost.Status) bool { return s.State == pluginhost.Serving && s.Restarts == 1 })
	if got, err := follows(t.Context(), t, h, "count 1", never); err != nil || len(got) != 1 {
		t.Errorf("anew: %v, %v; want one result", got, err)
	}
}

func TestAnUpgradeEndsSubscriptionsAtOnceAndWithoutHarm(t *testing.T) {
	t.Parallel()
	h, dir := working(t, pluginhost.Config{})
	_, err := follows(t.Context(), t, h, "watch", func(int) bool {
		put(t, dir, "works", "2.0.0", "")
		return false
	})
	if told(err) != notRunning {
		t.Errorf("the end is %s, want %s", told(err), notRunning)
	}
	got, err := follows(t.Context(), t, h, "watch", func(int) bool { return true })
	if diff := cmp.Diff([]any{"2.0.0"}, got); err != nil || diff != "" {
		t.Errorf("anew: %v (-want +got):\n%s", err, diff)
	}
	if s := h.Plugins()[0]; s.Restarts != 0 {
		t.Errorf("the plugin is %+v, want it without a restart", s)
	}
}

func TestWhoNoLongerFollowsIsForgottenByTheHostAndByThePlugin(t *testing.T) {
	t.Parallel()
	h, _ := working(t, pluginhost.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	if got, err := follows(ctx, t, h, "watch", func(int) bool { cancel(); return false }); err != nil || len(got) != 1 {
		t.Errorf("%v, %v; want one result and no error", got, err)
	}
	if got, err := follows(t.Context(), t, h, "watch", func(int) bool { return true }); err != nil || len(got) != 1 {
		t.Errorf("%v, %v; want one result and no error", got, err)
	}
	awaitTrue(t, h, func() bool { return must(t, h, "followers") == "0" })
}

func TestAThousandSubscriptionsLeaveTheCallsTheirRoom(t *testing.T) {
	h, _ := working(t, pluginhost.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	var followers, begun sync.WaitGroup
	for range 1000 {
		begun.Add(1)
		followers.Go(func() {
			if _, err := follows(ctx, t, h, "watch", func(int) bool { begun.Done(); return false }); err != nil {
				t.Error(err)
				begun.Done()
			}
		})
	}
	begun.Wait()
	must(t, h, "version")
	_, err := follows(t.Context(), t, h, "watch", never)
	if want := "RATE_LIMITED The plugin p has 1000 subscriptions already, which is the limit. Try again later."; told(err) != want {
		t.Errorf("one more: %s, want %s", told(err), want)
	}
	cancel()
	followers.Wait()
}
