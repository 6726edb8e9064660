package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
)

// Broadcasts pass on what is told on one instance to all others.
type Broadcasts interface {
	// Broadcast stores a broadcast at the next position. A later one may remove it when
	// core.BroadcastTime is over, or core.MaxBroadcasts came after it.
	Broadcast(ctx context.Context, b core.Broadcast) error

	// BroadcastsAfter returns what the store still has behind a position, in the order of
	// the positions and at most limit of them. n+1 is never there before n.
	BroadcastsAfter(ctx context.Context, position int64, limit int) ([]core.Broadcast, error)

	// LastBroadcast returns the position of the latest broadcast; 0 before the first.
	LastBroadcast(ctx context.Context) (int64, error)
}

func broadcastTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"what is broadcast comes back in its order":            broadcastsKept,
		"what two instances broadcast at once has one order":   broadcastsRace,
		"a broadcast that is too large or no JSON is refused":  broadcastsChecked,
		"of many broadcasts the store has the latest thousand": broadcastsBounded,
	}
}

func (d *desk) broadcast(s Broadcasts, topic, value string) {
	d.t.Helper()
	if err := s.Broadcast(d.ctx, core.Broadcast{Plugin: "phone", Topic: topic, Value: []byte(value)}); err != nil {
		d.t.Errorf("Broadcast: %v", err)
	}
}

func (d *desk) broadcastsAfter(position int64, limit int) []core.Broadcast {
	d.t.Helper()
	list, err := d.BroadcastsAfter(d.ctx, position, limit)
	if err != nil {
		d.t.Fatalf("BroadcastsAfter(%d): %v", position, err)
	}
	return list
}

func (d *desk) lastBroadcast() int64 {
	d.t.Helper()
	last, err := d.LastBroadcast(d.ctx)
	if err != nil {
		d.t.Fatalf("LastBroadcast: %v", err)
	}
	return last
}

func broadcastsKept(d *desk) {
	if n := d.lastBroadcast(); n != 0 {
		d.t.Errorf("before the first the last is %d", n)
	}
	another := d.another()
	d.broadcast(d, "rings", `"$one"`)
	d.broadcast(another, "rings", `2`)
	d.broadcast(d, "hangs up", `{"a":null}`)
	want := []core.Broadcast{
		{Position: 2, Plugin: "phone", Topic: "rings", Value: []byte("2")},
		{Position: 3, Plugin: "phone", Topic: "hangs up", Value: []byte(`{"a":null}`)},
	}
	if diff := cmp.Diff(want, d.broadcastsAfter(1, 10)); diff != "" {
		d.t.Errorf("behind the first (-want +got):\n%s", diff)
	}
	if got := d.broadcastsAfter(0, 1); len(got) != 1 || string(got[0].Value) != `"$one"` {
		d.t.Errorf("one behind 0: %+v", got)
	}
	if n := d.lastBroadcast(); n != 3 {
		d.t.Errorf("the last is %d; want 3", n)
	}
}

func broadcastsRace(d *desk) {
	const each = 50
	var group sync.WaitGroup
	told := make(chan bool)
	for i, s := range []Broadcasts{d.Store, d.another()} {
		group.Go(func() {
			for n := range each {
				d.broadcast(s, fmt.Sprint(i), fmt.Sprint(n))
			}
		})
	}
	go func() { group.Wait(); close(told) }()
	var position int64
	next := map[string]int{}
	for over := false; position < 2*each; {
		list := d.broadcastsAfter(position, 7)
		for _, b := range list {
			if b.Position != position+1 || string(b.Value) != fmt.Sprint(next[b.Topic]) {
				d.t.Fatalf("behind %d comes %d of topic %s with %s; want %d next", position, b.Position, b.Topic, b.Value, next[b.Topic])
			}
			position++
			next[b.Topic]++
		}
		if over && len(list) == 0 {
			d.t.Fatalf("after all was told there are %d; want %d", position, 2*each)
		}
		select {
		case <-told:
			over = true
		default:
		}
	}
	group.Wait()
}

func broadcastsChecked(d *desk) {
	for value, want := range map[string]string{
		"no json":                               "INVALID Nothing was broadcast on rings: the value must be JSON in UTF-8.",
		`"` + strings.Repeat("x", 16<<10) + `"`: "INVALID Nothing was broadcast on rings: the value has 16386 bytes, and may have 16384. Broadcast the id of a record, and read it where it is heard.",
	} {
		err := d.Broadcast(d.ctx, core.Broadcast{Plugin: "phone", Topic: "rings", Value: []byte(value)})
		if got := fmt.Sprint(core.CodeOf(err), " ", err); !strings.HasSuffix(got, want[8:]) || core.CodeOf(err) != core.Invalid {
			d.t.Errorf("%.20s: %s, want %s", value, got, want)
		}
	}
}

func broadcastsBounded(d *desk) {
	const more = core.MaxBroadcasts / 4
	for n := range core.MaxBroadcasts + 2*more {
		if d.broadcast(d, "rings", fmt.Sprint(n)); d.t.Failed() {
			return
		}
	}
	list := d.broadcastsAfter(0, 2*core.MaxBroadcasts)
	if n := len(list); n < core.MaxBroadcasts || n > core.MaxBroadcasts+more {
		d.t.Errorf("the store has %d broadcasts; want the latest %d, and a few", n, core.MaxBroadcasts)
	}
	if n := d.lastBroadcast(); n != core.MaxBroadcasts+2*more {
		d.t.Errorf("the last is %d", n)
	}
}
