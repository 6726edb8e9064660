package imap_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/openxrm/xrm/core/mail"
	"github.com/openxrm/xrm/core/mail/imap"
)

// world is a mailbox on a mail server.
type world struct {
	*testing.T
	user     *imapmemserver.User
	mailbox  imap.Mailbox
	listener net.Listener

	mu    sync.Mutex
	conns []net.Conn
	hides string // of what the server says
}

func newWorld(t *testing.T, secured *tls.Config) *world {
	t.Helper()
	w := &world{T: t, user: imapmemserver.NewUser("desk", "s3cret")}
	w.create("INBOX")
	all := imapmemserver.New()
	all.AddUser(w.user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return all.NewSession(), nil, nil
		},
		InsecureAuth: secured == nil, TLSConfig: secured, Logger: log.New(io.Discard, "", 0),
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.listener = listener
	go server.Serve(w)
	t.Cleanup(func() { _ = server.Close() })
	w.mailbox = imap.Mailbox{Address: listener.Addr().String(), Security: mail.Plain, User: "desk", Password: "s3cret", Poll: 10 * time.Millisecond}
	return w
}

func (w *world) create(folder string) {
	w.Helper()
	if err := w.user.Create(folder, nil); err != nil {
		w.Fatal(err)
	}
}

// Accept implements net.Listener.
func (w *world) Accept() (net.Conn, error) {
	conn, err := w.listener.Accept()
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = append(w.conns, conn)
	return &discreet{conn, w}, nil
}

func (w *world) Close() error   { return w.listener.Close() }
func (w *world) Addr() net.Addr { return w.listener.Addr() }

// cut ends all conversations.
func (w *world) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

// hide keeps the server from saying something.
func (w *world) hide(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hides = what
}

// discreet hides something that the server says.
type discreet struct {
	net.Conn
	world *world
}

func (d *discreet) Write(p []byte) (int, error) {
	d.world.mu.Lock()
	hides := d.world.hides
	d.world.mu.Unlock()
	if hides != "" {
		_, err := d.Conn.Write(bytes.ReplaceAll(p, []byte(hides), nil))
		return len(p), err
	}
	return d.Conn.Write(p)
}

// put lays a mail into the mailbox.
func (w *world) put(raw string, at time.Time) {
	w.Helper()
	if _, err := w.user.Append("INBOX", literal{strings.NewReader(raw)}, &goimap.AppendOptions{Time: at}); err != nil {
		w.Fatal(err)
	}
}

type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

var errEnough = errors.New("that is enough")

// follow takes so many mails, and returns them with the place after the last one.
func (w *world) follow(from mail.Place, count int) (got []mail.Found, at mail.Place) {
	w.Helper()
	at = from
	if count == 0 {
		return nil, at
	}
	ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
	defer cancel()
	err := w.mailbox.Follow(ctx, from, func(_ context.Context, f mail.Found, reached mail.Place) error {
		got, at = append(got, f), reached
		if len(got) == count {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		w.Fatalf("after %d mails: %v", len(got), err)
	}
	return got, at
}

// texts are what mails say.
func texts(mails []mail.Found) (all []string) {
	for _, f := range mails {
		_, text, _ := strings.Cut(string(f.Raw), "\r\n\r\n")
		all = append(all, text+f.Problem)
	}
	return all
}

func (w *world) want(mails []mail.Found, want ...string) {
	w.Helper()
	if got := texts(mails); strings.Join(got, ",") != strings.Join(want, ",") {
		w.Errorf("it takes %q, want %q", got, want)
	}
}
