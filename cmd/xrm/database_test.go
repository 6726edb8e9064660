package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// door is a TCP proxy that can be shut and opened again: a database that goes
// and comes back. It keeps its port while it is shut, which another test could
// take otherwise, and cuts whoever knocks.
type door struct {
	target   string
	listener net.Listener

	mu     sync.Mutex
	isOpen bool
	conns  []net.Conn
}

// newDoor makes a door, still shut, and the URI that leads through it to a
// database of the test's own.
func newDoor(t *testing.T) (d *door, uri string) {
	t.Helper()
	target, err := url.Parse(mongoDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d = &door{target: target.Host, listener: l}
	t.Cleanup(func() {
		l.Close()
		d.shut()
	})
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go d.lead(client)
		}
	}()
	target.Host = l.Addr().String()
	return d, target.String()
}

// lead connects a client with the database, for as long as the door is open.
func (d *door) lead(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", d.target)
	if err != nil {
		return
	}
	defer server.Close()
	if !d.admit(client, server) {
		return
	}
	go func() {
		_, _ = io.Copy(server, client) // ends when either side does
		server.Close()
	}()
	_, _ = io.Copy(client, server)
}

func (d *door) admit(conns ...net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isOpen {
		d.conns = append(d.conns, conns...)
	}
	return d.isOpen
}

func (d *door) unlock() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.isOpen = true
}

// shut cuts the connections that there are, too.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.isOpen = false
	for _, c := range d.conns {
		c.Close()
	}
	d.conns = nil
}

const (
	unreachable = "UNAVAILABLE The database cannot be reached at the moment. Nothing was changed; try again in a few seconds."
	notReady    = `level=ERROR msg="the server is not ready, because the database cannot be reached; trying on. See that it runs, and that --store \(XRM_STORE\) names it" error="[^"]* in MongoDB at `
)

// impatient makes a server notice soon that its database is not there.
var impatient = []string{"XRM_TIMEOUT_STORE=300ms"}

func TestAServerStartsWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	const nobody = "127.0.0.1:1" // a port that no system gives away by itself
	p := spawn(t, t.TempDir(), impatient, "--store", "mongodb://"+nobody+"/xrm")
	p.await(p.log, notReady+nobody+`: .*connection refused`)
	p.isWaiting()
	p.stop()
}

// isWaiting wants the server to be alive and to say that it cannot work.
func (p *process) isWaiting() {
	t := p.t
	t.Helper()
	eventually(t, func() string { // the log may be a moment ahead
		if status, body := p.get("/readyz"); status != http.StatusServiceUnavailable || strings.TrimSpace(body) != `{"status":"not ready","reasons":["`+strings.TrimPrefix(unreachable, "UNAVAILABLE ")+`"]}` {
			return fmt.Sprintf("/readyz answers %d %s", status, body)
		}
		return ""
	})
	if status, body := p.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz answers %d %s", status, body)
	}
	if got := refusal(p.askWith("xrm_00", `{ products { totalCount } }`, nil, new(rawText))); got != unreachable {
		t.Errorf("GraphQL answers %s\nwant %s", got, unreachable)
	}
}

func TestAServerIsReadyOnceItsDatabaseIsThere(t *testing.T) {
	t.Parallel()
	database, uri := newDoor(t)
	p := spawn(t, t.TempDir(), impatient, "--store", uri, "--plugins", builtPlugins(t))
	p.await(p.log, notReady+database.listener.Addr().String())
	p.isWaiting()
	database.unlock()
	p.ready().pluginProcess("complaints")
	if status, body := p.get("/readyz"); status != http.StatusOK {
		t.Errorf("/readyz answers %d %s", status, body)
	}
	if got, want := p.must(oneProduct, nil), `{"createProduct":{"product":{"sku":"P-1","version":1}}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := p.must(`{ complaints { totalCount } }`, nil), `{"complaints":{"totalCount":0}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	p.stop()
}

func TestAServerSurvivesTheLossOfItsDatabase(t *testing.T) {
	t.Parallel()
	database, uri := newDoor(t)
	database.unlock()
	p := spawn(t, t.TempDir(), impatient, "--store", uri).ready()
	promises, stopped := newLedger(), make(chan struct{})
	var writers sync.WaitGroup
	for _, name := range []string{"A", "B", "C"} {
		writers.Go(func() { promises.writer(p, name, stopped) })
	}
	for range 2 {
		promises.grows(t, 20)
		database.shut()
		eventually(t, func() string {
			if status, body := p.get("/readyz"); status != http.StatusServiceUnavailable {
				return "/readyz answers " + body
			}
			return ""
		})
		if got := refusal(p.ask(`{ products { totalCount } }`, nil, new(rawText))); got != unreachable {
			t.Errorf("without the database: %s\nwant %s", got, unreachable)
		}
		database.unlock()
	}
	promises.grows(t, 20)
	close(stopped)
	writers.Wait()
	promises.kept(t, p)
	t.Logf("%d writes to %d records were acknowledged", promises.count, len(promises.versions))

	database.shut()
	p.stop()
}
