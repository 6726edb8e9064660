package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/proto"
)

// How much one process of a plugin may ask of the host at once. What is beyond the
// connections and streams waits on its own side; a callback waits in ours for its
// turn, and is refused when none ends for long or too many wait already. Whatever
// waits, there is a stream left for what runs at each depth.
const (
	maxConnections = 2
	maxStreams     = 240 // on one connection
	maxCallbacks   = 8   // that run, in calls of one depth
	maxWaiting     = 100 // for their turn, or for somebody who reads a stream
)

// traffic lets a limited number of callbacks of one process run at a time. A
// callback may cause another call to the plugin, which calls back: so what a call
// in a deeper place asks for has room of its own, and whoever waits never waits for
// itself.
type traffic struct {
	plugin  string
	wait    time.Duration
	running [maxDepth]gate // by the depth of the call
	calling [maxDepth]gate // other plugins, for which nobody else waits
	waiting atomic.Int64
}

// enter lets a callback of a call in run. It is over when what serves the callback
// has ended, and the answer is on its way.
func (t *traffic) enter(ctx, serving context.Context, one *call) error {
	leave, err := t.turn(ctx, &t.running[one.depth-1])
	if err == nil {
		serving.Value(servedKey{}).(*served).leave = leave
	}
	return err
}

// turn returns when it is the turn of a callback among some; unless there is an error,
// leave must follow.
func (t *traffic) turn(ctx context.Context, running *gate) (leave func(), err error) {
	err = running.enter(ctx, maxCallbacks, 0, 0)
	if err != nil {
		goOn, full := t.stay()
		if full != nil {
			return nil, full
		}
		defer goOn()
		err = running.enter(ctx, maxCallbacks, maxWaiting, t.wait)
	}
	if errors.Is(err, errBusy) {
		err = t.busy()
	}
	return running.leave, err
}

// stay lets a callback be there without running; unless there is an error, goOn
// must follow.
func (t *traffic) stay() (goOn func(), err error) {
	if t.waiting.Add(1) > maxWaiting {
		err = t.busy()
		t.waiting.Add(-1)
	}
	return func() { t.waiting.Add(-1) }, err
}

func (t *traffic) busy() error {
	return &core.Error{Code: core.RateLimited, Message: fmt.Sprintf(
		"The plugin %s asks for too much at once: %d of its callbacks run, which is the most, and %d wait, or none has ended for %s; make fewer at the same time, or try again in a second.", t.plugin, maxCallbacks, maxWaiting, t.wait)}
}

// options bound what reaches a server of callbacks before it can be told whose call
// it belongs to, count the bytes of what has come, and tell traffic when an answer
// is on its way.
func (t *traffic) options(held *budget.Server) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxConcurrentStreams(maxStreams), grpc.StatsHandler(ending{t.plugin, held}),
		grpc.MaxRecvMsgSize(pluginpb.MaxMessage), grpc.MaxSendMsgSize(pluginpb.MaxMessage),
		grpc.ConnectionTimeout(10 * time.Second), // until it has shown its certificate
	}
}

// served is one callback as the server sees it.
type served struct {
	leave func()
	held  *budget.Request
	flows bool // it carries something that is nowhere as a whole
}

// flowing are the methods whose messages go on to where they are for.
var flowing = []string{pluginpb.Host_Fetch_FullMethodName, pluginpb.Host_Dial_FullMethodName, pluginpb.Host_WriteFile_FullMethodName}

type servedKey struct{}

// ending learns from gRPC how large a callback is, and when it has done with it.
type ending struct {
	plugin string
	budget *budget.Server
}

var _ stats.Handler = ending{}

// TagRPC implements stats.Handler.
func (e ending) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	ctx, held := budget.Begin(e.budget.OfPlugin(ctx, e.plugin))
	flows := slices.Contains(flowing, info.FullMethodName)
	return context.WithValue(ctx, servedKey{}, &served{held: held, flows: flows})
}

// HandleRPC implements stats.Handler.
func (ending) HandleRPC(ctx context.Context, event stats.RPCStats) {
	s := ctx.Value(servedKey{}).(*served)
	switch event := event.(type) {
	case *stats.InPayload:
		if !s.flows || event.Length > 2*pluginpb.MaxPart {
			_ = s.held.Take(int64(event.Length)) // it is told when it is served
		}
	case *stats.End:
		if s.leave != nil {
			s.leave()
		}
		s.held.Release()
	}
}

// TagConn implements stats.Handler.
func (ending) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (ending) HandleConn(context.Context, stats.ConnStats) {}

// room takes room for an answer as it is and as it is written, or empties it: what
// was read for it is counted already.
func room(ctx context.Context, answer proto.Message) error {
	err := budget.From(ctx).Take(2 * int64(proto.Size(answer)))
	if err != nil {
		proto.Reset(answer)
	}
	return err
}
