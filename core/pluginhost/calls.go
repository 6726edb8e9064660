package pluginhost

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// call is one running call to a plugin. What the plugin asks of the host in
// the meantime is done in its name.
type call struct {
	id       string
	plugin   string
	method   string // what is called, for its breaker
	actor    core.Actor
	on       record.Basis                        // of the request, event or run that caused it
	now      func() (on record.Basis, sure bool) // for each callback of what goes on for long; nil to go by on
	mayWrite bool
	key      string                     // by which the plugin can do once what it does; "" for none
	ctx      context.Context            // ends with the call
	depth    int                        // how many calls to plugins have caused each other, with this one
	link     atomic.Pointer[link]       // the process that was asked; nil before
	fault    atomic.Pointer[core.Error] // that the plugin was told of as INTERNAL; nil for none
	failure  *core.Error                // of the plugin itself, also when it is over one of a few records only; nil for none
}

// calls finds the running call that a callback belongs to, by its token.
type calls struct {
	mu      sync.Mutex
	running map[string]*call
}

func (c *calls) begin(one *call) (token string, end func()) {
	token = rand.Text()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[token] = one
	return token, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, token)
	}
}

// find returns nil unless the token is that of a running call to this plugin.
func (c *calls) find(plugin, token string) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one := c.running[token]; one != nil && one.plugin == plugin {
		return one
	}
	return nil
}

type depthKey struct{}

// deep is how many calls to plugins have caused what runs.
func deep(ctx context.Context) int {
	depth, _ := ctx.Value(depthKey{}).(int)
	return depth
}

// waitingPerCall is how many calls may wait for each that may run.
const waitingPerCall = 10

// maxDepth is how many calls to plugins may cause each other.
const maxDepth = 5

// margin is what a call leaves of the time that a request has, for the answer
// to get out.
const margin = 50 * time.Millisecond

// restartsWithin is how long a call that did not reach its plugin waits for
// another process of it.
const restartsWithin = 500 * time.Millisecond

// ask makes one call to a plugin, which takes no longer than the timeout once it
// has its turn. It ends a little before ctx does, and its error is for users. What
// has not reached the plugin is sent once more if it writes nothing.
func (h *Host) ask(ctx context.Context, one *call, timeout time.Duration, rpc func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) error) (err error) {
	defer func(began time.Time) { h.observe(one, err, time.Since(began)) }(time.Now())
	e := h.board.find(one.plugin)
	if e.link == nil {
		return h.down(one.plugin, nil)
	}
	defer fairqueue.Aside(ctx)() // whoever asks waits for the plugin, and keeps nobody from working
	send := func(e entry) error {
		one.link.Store(e.link)
		leave, err := h.turn(ctx, one, e)
		if err != nil {
			return err
		}
		defer leave()
		if deadline, ok := ctx.Deadline(); ok {
			timeout = min(timeout, time.Until(deadline)-margin)
		}
		if timeout <= 0 {
			return errNoTime
		}
		bounded, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		id, end, err := h.begin(bounded, one)
		if err != nil {
			return err
		}
		defer end()
		return e.link.breakers.run(ctx, one.method, func() error {
			return rpc(bounded, e.link.plugin, id)
		})
	}
	err = send(e)
	if errors.Is(err, errClosed) || errors.Is(err, errUnsent) && !one.mayWrite {
		if next := h.another(ctx, one.plugin, e.link); next.link != nil {
			err = send(next)
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err() // the user's time is up, or the user has gone
	case errors.Is(err, errNoTime):
		return context.DeadlineExceeded
	}
	return h.transportError(one, err, timeout)
}

// errNoTime is in the place of a call that there was no time for, which is not the
// plugin's fault.
var errNoTime = errors.New("the request has no time left")

// turn returns when a call may go to a process; unless there is an error, leave must
// follow. What other calls cause is bounded by what those may ask for, and does not
// wait: they would wait for themselves.
func (h *Host) turn(ctx context.Context, one *call, e entry) (leave func(), err error) {
	l, most := e.link, e.terms.Limits.Concurrency
	if deep(ctx) > 0 {
		return l.caused.leave, l.caused.enter(ctx, math.MaxInt, 0, 0)
	}
	if one.method != httpMethod {
		return l.calls.leave, l.calls.enter(ctx, most, waitingPerCall*most, h.config.TurnWait)
	}
	half := (most + 1) / 2 // anybody may send requests, and none must keep rules from being asked
	if err := l.outside.enter(ctx, half, waitingPerCall*half, h.config.TurnWait); err != nil {
		return nil, err
	}
	leave = func() { l.calls.leave(); l.outside.leave() }
	if err = l.calls.enter(ctx, most, waitingPerCall*most, h.config.TurnWait); err != nil {
		l.outside.leave()
	}
	return leave, err
}

// observe takes note of how a call has ended.
func (h *Host) observe(one *call, err error, took time.Duration) {
	var known *core.Error
	code := "OK"
	switch {
	case errors.As(err, &known):
		code = string(known.Code)
	case err != nil:
		code = "CANCELED" // by the user, or because the request had no time left
	case one.failure != nil:
		code = string(one.failure.Code)
	}
	one.book()
	if h.config.Observe != nil {
		h.config.Observe(one.plugin, one.method, code, took)
	}
}

// book counts what the plugin did wrong in a call.
func (c *call) book() {
	if l := c.link.Load(); l != nil && c.failure != nil {
		l.failed.add(c.method, c.failure.Cause.Error())
	}
}

// begin lets a plugin call back in the name of a call until end is called, or
// ctx ends.
func (h *Host) begin(ctx context.Context, one *call) (id *pluginpb.CallContext, end func(), err error) {
	depth := deep(ctx) + 1
	one.id = rand.Text()[:12]
	if depth > maxDepth {
		return nil, nil, h.internal(one, fmt.Errorf("calls to plugins caused each other %d times in a row", maxDepth))
	}
	one.ctx, one.depth = context.WithValue(ctx, depthKey{}, depth), depth
	one.actor.Via = one.plugin
	token, end := h.calls.begin(one)
	return &pluginpb.CallContext{CallId: one.id, Token: token, Depth: uint32(depth), User: encodeUser(one.actor), IdempotencyKey: one.key}, end, nil
}

// another waits for a moment until another process of a plugin answers.
func (h *Host) another(ctx context.Context, plugin string, than *link) entry {
	ctx, cancel := context.WithTimeout(ctx, restartsWithin)
	defer cancel()
	var e entry
	_ = h.board.wait(ctx, func([]Status) bool {
		e = h.board.find(plugin)
		return e.link != nil && e.link != than
	})
	if e.link == than {
		return entry{}
	}
	return e
}

// passes says whether a save goes on although a rule for an entity did not
// answer: if both the plugin's author and the site want it so.
func (h *Host) passes(plugin, entity string, err error) bool {
	code := core.CodeOf(err)
	if code != core.Unavailable && code != core.RateLimited || h.Terms(plugin).onFailure[entity] != Allow {
		return false
	}
	h.config.Log.Warn("saved without asking the rule of a plugin", "plugin", plugin, "entity", entity, "error", err)
	return true
}
