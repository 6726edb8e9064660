package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/graphql/execution"
)

// connection is one WebSocket. One goroutine reads it, one writes it, and each
// operation has its own.
type connection struct {
	handler *Handler
	socket  *websocket.Conn
	ctx     context.Context // ends with the connection
	gone    context.CancelFunc
	box     *outbox
	work    sync.WaitGroup // all goroutines but the one that reads

	mu      sync.Mutex
	running map[string]*operation
	leaving bool // the connection is closed once nothing runs
}

// operation is one that runs on a connection.
type operation struct {
	id     string
	cancel context.CancelFunc
}

const (
	acknowledgement = `{"type":"connection_ack"}`
	pong            = `{"type":"pong"}`
)

// MaxRunning is how many operations one connection may run at a time.
const MaxRunning = 100

// serve returns when the client has gone, or a farewell.
func (c *connection) serve(r *http.Request) error {
	r, err := c.greet(r)
	if err != nil {
		return err
	}
	asking, err := c.handler.authenticate(r)
	if err != nil {
		return c.handler.refuses(r.Context(), err)
	}
	_, c.box.held = budget.Begin(asking)
	c.socket.SetReadLimit(orDefault(c.handler.MaxBodyBytes, DefaultMaxBodyBytes))
	c.box.putShort(c.ctx, []byte(acknowledgement))
	c.work.Go(func() { c.write(r) })
	// It ends with the connection, and knows who asks.
	asking, cancel := context.WithCancel(asking)
	defer cancel()
	for {
		ctx, held := budget.Begin(asking)
		m, err := c.next(held)
		if err != nil {
			err = c.refusal(ctx, err)
			held.Release()
			return err
		}
		switch m.Type {
		case "connection_init":
			err = &farewell{tooManyInits, "Too many initialisation requests"}
		case "ping":
			c.box.putShort(c.ctx, []byte(pong))
		case "pong":
		case "subscribe":
			err = c.subscribe(ctx, m)
		case "complete":
			c.complete(m.ID)
		default:
			err = unknownType(m)
		}
		if m.Type != "subscribe" || err != nil { // else the operation does
			held.Release()
		}
		if err != nil {
			return err
		}
	}
}

// refusal is what to close the connection with when a message could not be read.
func (c *connection) refusal(ctx context.Context, err error) error {
	if budget.From(ctx).Refused() == nil {
		return err
	}
	return &farewell{websocket.StatusTryAgainLater, c.handler.shown(ctx, err).Message}
}

// subscribe begins an operation, whatever its kind. Unless it fails, what the
// request holds is given back at the end of the operation.
func (c *connection) subscribe(ctx context.Context, m message) error {
	if m.ID == "" {
		return &farewell{badMessage, "A subscribe message needs an id."}
	}
	request, problem := readBody(m.Payload)
	if problem != nil {
		return &farewell{badMessage, problem.message}
	}
	ctx, cancel := context.WithCancel(ctx)
	op := &operation{m.ID, cancel}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[op.id] != nil {
		cancel()
		return &farewell{subscriberExists, "Subscriber for " + op.id + " already exists"}
	}
	c.running[op.id] = op
	crowded := len(c.running) > MaxRunning
	c.work.Go(func() {
		defer budget.From(ctx).Release()
		defer cancel()
		done := false
		if engine := c.handler.Engine(); crowded {
			c.box.putShort(c.ctx, c.encode(ctx, op, execution.Refuse(errorf("RATE_LIMITED", "A connection may have %d subscriptions at a time; open another one.", MaxRunning))))
		} else if engine == nil {
			c.box.putShort(c.ctx, c.encode(ctx, op, execution.Refuse(errorf("UNAVAILABLE", notReady))))
		} else {
			plan, refused := c.handler.plan(ctx, engine, request)
			done = c.handler.deliver(ctx, plan, refused, c.box, func(result *execution.Result) []byte { return c.encode(ctx, op, result) })
		}
		c.finish(op, done)
	})
	return nil
}

// complete ends an operation that the client no longer wants.
func (c *connection) complete(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if op := c.running[id]; op != nil {
		op.cancel()
		delete(c.running, id)
	}
}

// finish tells the client that an operation went to its end, unless it was told
// otherwise or does not want to know.
func (c *connection) finish(op *operation, done bool) {
	c.mu.Lock()
	wanted := c.running[op.id] == op
	if wanted {
		delete(c.running, op.id)
	}
	last := c.leaving && len(c.running) == 0
	c.mu.Unlock()
	if wanted && done {
		c.box.putShort(c.ctx, fmt.Appendf(nil, `{"id":%s,"type":"complete"}`, quoted(op.id)))
	}
	if last {
		c.box.putShort(c.ctx, nil)
	}
}

// encode is a result as a message; what was not executed is an error, after
// which nothing more comes.
func (c *connection) encode(ctx context.Context, op *operation, result *execution.Result) []byte {
	if result.Executed {
		body, _ := c.handler.encode(ctx, result) // which is an error then, and logged
		return fmt.Appendf(nil, `{"id":%s,"type":"next","payload":%s}`, quoted(op.id), body)
	}
	errs, err := json.Marshal(c.handler.spoken(ctx, result).Errors)
	if err != nil {
		c.handler.logger().ErrorContext(ctx, "write a GraphQL error", "error", err)
		errs = []byte(unwritable)
	}
	return fmt.Appendf(nil, `{"id":%s,"type":"error","payload":%s}`, quoted(op.id), errs)
}

func quoted(id string) []byte {
	text, _ := json.Marshal(id) // of a string it cannot fail
	return text
}

// write sends what is in the outbox, looks whether the client is still there
// and still known, and closes the connection when the server stops.
func (c *connection) write(r *http.Request) {
	defer c.gone()
	pulse := time.NewTicker(orDefault(c.handler.Heartbeat, defaultHeartbeat))
	defer pulse.Stop()
	stopping := c.handler.streams.stopping().Done()
	for {
		select {
		case <-c.ctx.Done():
			return
		case m := <-c.box.messages:
			if m.text == nil {
				(&farewell{websocket.StatusGoingAway, serverStops}).say(c.socket)
				return
			}
			if err := c.send(m.text); err != nil {
				return
			}
			c.box.sent(m)
		case <-pulse.C:
			if refused := c.handler.recheck(r); refused != nil {
				(&farewell{forbidden, refused.Message}).say(c.socket)
				return
			}
			if err := c.ping(); err != nil {
				return
			}
		case <-stopping:
			stopping = nil
			c.leave()
		}
	}
}

// leave has the connection closed as soon as nothing runs on it any more.
func (c *connection) leave() {
	c.mu.Lock()
	c.leaving = true
	idle := len(c.running) == 0
	c.mu.Unlock()
	if idle {
		c.work.Go(func() { c.box.putShort(c.ctx, nil) }) // which may have to wait for us
	}
}

func (c *connection) send(text []byte) error {
	ctx, cancel := context.WithTimeout(c.ctx, c.handler.timeToWrite(len(text)))
	defer cancel()
	return c.socket.Write(ctx, websocket.MessageText, text)
}

func (c *connection) ping() error {
	ctx, cancel := context.WithTimeout(c.ctx, c.handler.timeToWrite(0))
	defer cancel()
	return c.socket.Ping(ctx)
}
