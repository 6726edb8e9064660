package main

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/openxrm/xrm/sdk"
)

// visitNews tells all who follow a subscription of an event.
type visitNews struct {
	mu        sync.Mutex
	followers map[chan string]bool
}

func (n *visitNews) tell(_ context.Context, _ sdk.Host, e *sdk.Event) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for follower := range n.followers {
		select {
		case follower <- e.RecordID:
		default: // it has not taken the last ones yet
		}
	}
	return nil
}

// follow sends no visit at first, which says that it has begun.
func (n *visitNews) follow(ctx context.Context, host sdk.Host, _ struct{}, send func(*sdk.Record) error) error {
	made := make(chan string, 16)
	n.mu.Lock()
	n.followers[made] = true
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.followers, made)
	}()
	for err := send(nil); err == nil; {
		select {
		case <-ctx.Done():
			return nil
		case id := <-made:
			var visit *sdk.Record
			if visit, err = host.Get(ctx, "visit", id); err == nil {
				err = send(visit)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// followVisits subscribes as the administrator, and gives the data of the events
// until the last.
func followVisits(t *testing.T, p *process) <-chan string {
	t.Helper()
	key, err := readKey(Config{Data: p.data}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/graphql", strings.NewReader(`{"query": "subscription { newVisits { note } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan string, 16)
	go func() {
		defer close(events)
		defer answer.Body.Close()
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if data, isData := strings.CutPrefix(lines.Text(), "data: "); isData {
				data, _, _ = strings.Cut(data, `,"extensions":{"cost"`)
				events <- data
			} else if lines.Text() == "event: complete" {
				events <- "complete"
				return
			}
		}
	}()
	return events
}

func expect(t *testing.T, events <-chan string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if got := <-events; got != want {
			t.Fatalf("event %s, want %s", got, want)
		}
	}
}

func TestASubscriptionOfAPluginTellsClientsOfItsEvents(t *testing.T) {
	t.Parallel()
	p := spawn(t, t.TempDir(), nil, "--plugins", playing(t, "visits")).ready()
	pid := p.pluginProcess("visits")
	p.subscribed("visits")
	events := followVisits(t, p)
	expect(t, events, `{"data":{"newVisits":null}`)
	p.must(`mutation { createVisit(data: {note: "in Berlin"}) { outcome } }`, nil)
	expect(t, events, `{"data":{"newVisits":{"note":"in Berlin"}}`)

	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	expect(t, events, `{"errors":[{"message":"The plugin visits is not running at the moment. Try again in a few seconds.","locations":[{"line":1,"column":16}],"path":["newVisits"],"extensions":{"code":"UNAVAILABLE"}}]}`, "complete")

	p.await(p.log, `(?s)msg="plugin serves".*msg="plugin serves"`)
	again := followVisits(t, p)
	expect(t, again, `{"data":{"newVisits":null}`)
	p.must(`mutation { createVisit(data: {note: "in Potsdam"}) { outcome } }`, nil)
	expect(t, again, `{"data":{"newVisits":{"note":"in Potsdam"}}`)
	p.stop()
	expect(t, again, "complete")
}
