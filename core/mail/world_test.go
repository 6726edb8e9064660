package mail_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/mail"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// values are those of a record.
type values = map[string]any

// world is a site with a mail server.
type world struct {
	*testing.T
	on      record.Basis
	records *record.Service
	sender  *mail.Sender
	outbox  mail.Outbox
	server  *server
	state   *memory       // of the mailbox
	log     bytes.Buffer  // of what takes mails in
	written chan struct{} // gets a word when a record was
	later   time.Duration // by which the clock is ahead
}

func onBothStores(t *testing.T, test func(w *world)) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) { test(newWorld(t, open(t))) })
}

func newWorld(t *testing.T, s bothstores.Database) *world {
	t.Helper()
	model, err := schema.Load(entities.All()...)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := access.LoadRoles(model, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), model); err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, on: record.Basis{Model: model, Policy: roles}, server: serveSMTP(t), written: make(chan struct{}, 1)}
	w.records = &record.Service{Store: s, Region: "DE", NewID: uuid.NewString, Now: func() time.Time { return time.Now().Add(w.later) }}
	w.records.Committed = func() {
		select {
		case w.written <- struct{}{}:
		default:
		}
	}
	w.outbox = mail.Outbox{Records: w.records}
	w.sender = w.another()
	return w
}

// another is a sender as another process has it.
func (w *world) another() *mail.Sender {
	return &mail.Sender{
		Server:  mail.Server{Address: w.server.address, Security: mail.Plain, From: netmail.Address{Name: "Müller GmbH", Address: "service@example.org"}},
		Records: w.records, Log: slog.New(slog.DiscardHandler),
	}
}

// post queues a mail, or fails the test.
func (w *world) post(m core.Mail) *core.Record {
	w.Helper()
	r, err := w.outbox.Post(w.Context(), w.on, m)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// look has the sender look for what is due once.
func (w *world) look() {
	w.Helper()
	if err := w.sender.Round(w.Context(), w.on); err != nil {
		w.Error(err)
	}
}

// is returns how a mail stands.
func (w *world) is(id string) values {
	w.Helper()
	e := w.on.Model.Entity("mail")
	found, err := w.records.As(mail.Actor, w.on).Unbound().Load(w.Context(), e, []string{id}, nil)
	if err != nil || found[id] == nil {
		w.Fatalf("the mail %s: %v", id, err)
	}
	return found[id].Values
}

// save is what an administrator does.
func (w *world) save(entity string, d record.Draft) *core.Record {
	w.Helper()
	admin := core.Actor{ID: "ada", Roles: []string{core.AdminRole}}
	result := w.records.As(admin, w.on).Save(w.Context(), w.on.Model.Entity(entity), []record.Draft{d}, false)[0]
	if result.Err != nil {
		w.Fatal(result.Err)
	}
	return result.Record
}

// wantState wants a mail and each of its recipients to stand so.
func (w *world) wantState(id, state string, recipients ...string) {
	w.Helper()
	is := w.is(id)
	var got []string
	for _, r := range is["recipients"].([]any) {
		got = append(got, r.(values)["state"].(string))
	}
	if is["state"] != state || strings.Join(got, " ") != strings.Join(recipients, " ") {
		w.Errorf("the mail is %v with recipients %v (%v); want %s with %v", is["state"], got, is["lastError"], state, recipients)
	}
}

// server is a mail server that takes what it is given, unless it is told otherwise.
type server struct {
	address  string
	listener net.Listener

	mu     sync.Mutex
	got    []letter
	refuse map[string]*smtp.SMTPError // by recipient
	answer func(conn *smtp.Conn, r io.Reader) error
}

// letter is a mail as it came.
type letter struct {
	to      []string
	content string
}

func serveSMTP(t *testing.T) *server {
	s := &server{refuse: map[string]*smtp.SMTPError{}}
	serving := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	serving.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address, s.listener = listener.Addr().String(), listener
	go serving.Serve(listener)
	t.Cleanup(s.away)
	return s
}

// away ends the server.
func (s *server) away() { _ = s.listener.Close() }

func (s *server) letters() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

// taking says how the server answers to a mail that it has been given; nil for kindly.
func (s *server) taking(how func(conn *smtp.Conn, r io.Reader) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = how
}

func (s *server) refusing(recipient string, why *smtp.SMTPError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse[recipient] = why
}

type session struct {
	*server
	conn *smtp.Conn
	to   []string
}

func (s *session) Reset()                               { s.to = nil }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.refuse[to]; why != nil {
		return why
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	content := &strings.Builder{}
	r = io.TeeReader(r, content)
	if answer != nil {
		return answer(s.conn, r)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, letter{s.to, content.String()})
	return nil
}
