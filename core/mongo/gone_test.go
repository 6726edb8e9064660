package mongo

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/schema"
)

// door is a TCP proxy that can be shut and opened again at one address: a
// server that goes and comes back.
type door struct {
	t       *testing.T
	target  string
	address string

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
	muted    bool
	cut      *cut     // if the door is to fall shut at a write
	victims  *victims // if writes are to be the victims of deadlocks
}

func newDoor(t *testing.T, target string) *door {
	t.Helper()
	d := &door{t: t, target: target, address: "127.0.0.1:0", open: map[net.Conn]bool{}}
	d.Open()
	t.Cleanup(d.Shut)
	return d
}

func (d *door) Open() {
	d.t.Helper()
	l, err := net.Listen("tcp", d.address)
	if err != nil {
		d.t.Fatalf("open the door: %v", err)
	}
	d.mu.Lock()
	d.listener, d.address = l, l.Addr().String()
	d.mu.Unlock()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go d.serve(client)
		}
	}()
}

func (d *door) serve(client net.Conn) {
	server, err := net.Dial("tcp", d.target)
	if err != nil {
		client.Close()
		return
	}
	d.mu.Lock()
	d.open[client], d.open[server] = true, true
	d.mu.Unlock()
	go func() {
		io.Copy(requests{d, client, server}, client)
		server.Close()
	}()
	io.Copy(answers{d, client}, server)
	client.Close()
}

// answers lets what the server says through, unless the door is muted.
type answers struct {
	door   *door
	client net.Conn
}

func (a answers) Write(p []byte) (int, error) {
	a.door.mu.Lock()
	muted := a.door.muted
	cut := a.door.cut
	a.door.mu.Unlock()
	if cut != nil && cut.answered() {
		a.door.Shut()
		return 0, net.ErrClosed
	}
	if muted {
		return len(p), nil
	}
	return a.client.Write(p)
}

// Mute lets requests through, but no more answers.
func (d *door) Mute() {
	d.mu.Lock()
	d.muted = true
	d.mu.Unlock()
}

// Shut refuses new connections and cuts those that there are.
func (d *door) Shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listener.Close()
	for c := range d.open {
		c.Close()
	}
	clear(d.open)
}

func model(t testing.TB) *schema.Model {
	t.Helper()
	m, err := schema.Load(schema.Source{Layer: "test", File: "test.yaml", Data: []byte(testModel)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func creation(e *schema.Entity, id string, values map[string]any) core.Change {
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	return core.Change{Actor: core.Actor{ID: "u1"}, At: at, Action: core.Created, After: &core.Record{
		Entity: e.Name, ID: id, Version: 1, CreatedAt: at, CreatedBy: "u1", UpdatedAt: at, UpdatedBy: "u1", Values: values,
	}}
}

// soon is how long the stores of these tests look for their server. It is less
// than the driver takes to notice that a server is back.
const soon = 200 * time.Millisecond

// eventually tries until it works, which each try's own search makes slow
// enough.
func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		err := try()
		if err == nil {
			return
		}
		if core.CodeOf(err) != core.Unavailable || time.Now().After(deadline) {
			t.Fatalf("%s with the server there: %v; want the store to find it by itself", what, err)
		}
	}
}

// unavailable wants an error that tells the user what to do, and only the log
// what happened.
func unavailable(t *testing.T, what string, err error, message string) {
	t.Helper()
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != core.Unavailable {
		t.Errorf("%s: %v; want it Unavailable", what, err)
		return
	}
	if ours.Message != message {
		t.Errorf("%s says %q; want %q", what, ours.Message, message)
	}
	if ours.Cause == nil || !strings.Contains(ours.Cause.Error(), "in MongoDB at 127.0.0.1:") {
		t.Errorf("%s: the cause is %v; want it to say where the MongoDB should be", what, ours.Cause)
	}
}

func TestAServerThatIsGoneIsUnavailableAndComesBack(t *testing.T) {
	door := newDoor(t, strings.TrimPrefix(mongotest.Server(t), "mongodb://"))
	s := open(t, "mongodb://"+door.address, soon)
	t.Cleanup(func() { s.Close() })
	m := model(t)
	e := m.Entity("thing")
	eventually(t, "Prepare", func() error { return s.Prepare(t.Context(), m) })
	first := creation(e, "1", map[string]any{"name": "Ada"})
	if err := s.Commit(t.Context(), e, []core.Change{first})[0]; err != nil {
		t.Fatal(err)
	}

	door.Shut()
	second := creation(e, "2", map[string]any{"name": "Eva"})
	update := creation(e, "1", map[string]any{"name": "Ida"})
	update.Before, update.After.Version = first.After, 2
	// The pool still holds cut connections: one call each may run into them.
	s.Commit(t.Context(), e, []core.Change{second})
	s.Commit(t.Context(), e, []core.Change{update})
	_, errFind := s.Find(t.Context(), e, core.Query{First: 1})
	_, errCount := s.Count(t.Context(), e, core.Query{}, 1)
	_, errAggregate := s.Aggregate(t.Context(), e, core.Aggregate{Grouping: schema.Grouping{Limit: 1}})
	_, errNext := s.Next(t.Context(), "n", 0)
	_, errHistory := s.History(t.Context(), e, "1", 1, 0)
	for what, err := range map[string]error{
		"Find": errFind, "Count": errCount, "Aggregate": errAggregate, "Next": errNext, "History": errHistory,
		"create": s.Commit(t.Context(), e, []core.Change{second})[0],
		"update": s.Commit(t.Context(), e, []core.Change{update})[0],
		"Ping":   s.Ping(t.Context()), "Prepare": s.Prepare(t.Context(), m),
	} {
		unavailable(t, what, err, "The database cannot be reached at the moment. Nothing was changed; try again in a few seconds.")
	}

	door.Open()
	eventually(t, "Commit", func() error { return s.Commit(t.Context(), e, []core.Change{second})[0] })
	found, err := s.Find(t.Context(), e, core.Query{First: -1})
	if err != nil || len(found) != 2 || found[0].Values["name"] != "Ada" {
		t.Errorf("with the server back Find returned %d records, %v; want the two that were acknowledged", len(found), err)
	}
}

func TestAStoreStartsWithoutItsServer(t *testing.T) {
	door := newDoor(t, strings.TrimPrefix(mongotest.Server(t), "mongodb://"))
	door.Shut()
	s := open(t, "mongodb://"+door.address, soon)
	t.Cleanup(func() { s.Close() })
	unavailable(t, "Ping", s.Ping(t.Context()), unreachable)
	door.Open()
	eventually(t, "Prepare", func() error { return s.Prepare(t.Context(), model(t)) })
}

func TestAWriteWhoseAnswerIsLostIsNotSaidToBeUndone(t *testing.T) {
	m := model(t)
	e := m.Entity("thing")
	first := creation(e, "1", map[string]any{"name": "Ada"})
	update := creation(e, "1", map[string]any{"name": "Ida"})
	update.Before, update.After.Version = first.After, 2
	tests := map[string]core.Change{
		"create": creation(e, "2", map[string]any{"name": "Eva"}),
		"update": update,
	}
	for what, c := range tests {
		t.Run(what, func(t *testing.T) {
			door := newDoor(t, strings.TrimPrefix(mongotest.Server(t), "mongodb://"))
			s := open(t, "mongodb://"+door.address, soon)
			t.Cleanup(func() { s.Close() })
			eventually(t, "Prepare", func() error { return s.Prepare(t.Context(), m) })
			eventually(t, "Commit", func() error { return s.Commit(t.Context(), e, []core.Change{first})[0] })
			door.Mute()
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			unavailable(t, what, s.Commit(ctx, e, []core.Change{c})[0], unconfirmed)
			unavailable(t, what+" when it is too late", s.Commit(ctx, e, []core.Change{c})[0], tooLate)
			again, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := s.Find(again, e, core.Query{First: -1})
			unavailable(t, "a read that takes too long", err, tooLate)
		})
	}
}
