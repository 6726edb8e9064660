package pluginhost

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/contract/kept"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	maxListening = 5000 // calls of one process, and topics in them
	maxUnheard   = 1024 // broadcasts that wait for one process
	heardAtOnce  = 100
	hearTime     = 5 * time.Second
)

func (c *callbacks) Broadcast(ctx context.Context, r *pluginpb.BroadcastRequest) (*pluginpb.BroadcastResponse, error) {
	answer := &pluginpb.BroadcastResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		if err := c.mayWrite(one, "broadcast on "+r.GetTopic()); err != nil {
			return err
		}
		return c.host.tail.Broadcast(ctx, core.Broadcast{Plugin: c.plugin, Topic: r.GetTopic(), Value: r.GetValue()})
	})
	return answer, nil
}

func (c *callbacks) Listen(ctx context.Context, r *pluginpb.ListenRequest) (*pluginpb.ListenResponse, error) {
	answer := &pluginpb.ListenResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		if err := kept.CheckTopic(r.GetTopic()); err != nil {
			return err
		}
		done, err := c.host.tail.Listen(ctx)
		if err != nil {
			return err
		}
		l := one.link.Load()
		if !l.hearing.add(r.GetTopic()) {
			done()
			return &core.Error{Code: core.RateLimited, Message: fmt.Sprintf("The plugin %s listens %d times already, which is the limit. Try again later.", c.plugin, maxListening)}
		}
		c.host.listeners.note(l, c.plugin)
		context.AfterFunc(one.ctx, func() {
			done()
			if l.hearing.remove(r.GetTopic()) {
				c.host.listeners.forget(l)
			}
		})
		return nil
	})
	return answer, nil
}

// listeners are the processes that listen, and whose they are.
type listeners struct {
	mu  sync.Mutex
	all map[*link]string
}

func (l *listeners) note(k *link, plugin string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[*link]string{}
	}
	l.all[k] = plugin
}

// forget leaves one alone that listens again meanwhile.
func (l *listeners) forget(k *link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k.hearing.idle() {
		delete(l.all, k)
	}
}

// hear hands what was broadcast to the processes that listen.
func (h *Host) hear(list []core.Broadcast, missed bool) {
	h.listeners.mu.Lock()
	defer h.listeners.mu.Unlock()
	for l, plugin := range h.listeners.all {
		l.hearing.take(plugin, list, missed, l.tell)
	}
}

// hearing is what one process listens to, and what it has not heard of that.
type hearing struct {
	mu     sync.Mutex
	topics map[string]int
	count  int
	unsaid []*pluginpb.Heard
	missed bool
	saying bool
}

// add says whether there was room.
func (h *hearing) add(topic string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count == maxListening {
		return false
	}
	if h.topics == nil {
		h.topics = map[string]int{}
	}
	h.topics[topic]++
	h.count++
	return true
}

// remove says whether nobody listens any more.
func (h *hearing) remove(topic string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.topics[topic]--; h.topics[topic] == 0 {
		delete(h.topics, topic)
	}
	h.count--
	return h.count == 0
}

func (h *hearing) idle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count == 0
}

// take lets tell say what concerns the process, unless it is at that already.
func (h *hearing) take(plugin string, list []core.Broadcast, missed bool, tell func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.missed = h.missed || missed
	for _, b := range list {
		if b.Plugin == plugin && h.topics[b.Topic] > 0 {
			h.unsaid = append(h.unsaid, &pluginpb.Heard{Topic: b.Topic, Value: b.Value})
		}
	}
	if len(h.unsaid) > maxUnheard {
		h.unsaid, h.missed = nil, true
	}
	if !h.saying && (h.missed || len(h.unsaid) > 0) {
		h.saying = true
		go tell()
	}
}

// next is what to say now; nil when there is nothing more.
func (h *hearing) next() *pluginpb.HearRequest {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.missed && len(h.unsaid) == 0 {
		h.saying = false
		return nil
	}
	n := min(len(h.unsaid), heardAtOnce)
	say := &pluginpb.HearRequest{Heard: h.unsaid[:n:n], Missed: h.missed}
	h.unsaid, h.missed = h.unsaid[n:], false
	return say
}

// lose notes that what was said was not heard.
func (h *hearing) lose() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unsaid, h.missed = nil, true
}

// tell says to a process what it has not heard, one call after the other. What does
// not arrive it is told that it has missed, until it has ended.
func (l *link) tell() {
	for say := l.hearing.next(); say != nil; say = l.hearing.next() {
		ctx, cancel := context.WithTimeout(l.streaming, hearTime)
		_, err := l.plugin.Hear(ctx, say)
		cancel()
		if err == nil {
			continue
		}
		l.hearing.lose()
		if status.Code(err) == codes.Unimplemented {
			return // nor would it understand that
		}
		select {
		case <-l.streaming.Done():
			return
		case <-time.After(time.Second):
		}
	}
}
