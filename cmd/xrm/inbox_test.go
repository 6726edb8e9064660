package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/openxrm/xrm/sdk"
)

// playReceptionist is a plugin that says that a message has come in.
func playReceptionist(p *sdk.Plugin) {
	p.Events = []sdk.Subscription{sdk.On("receivedMail.created", func(ctx context.Context, host sdk.Host, e *sdk.Event) error {
		received, err := host.Get(ctx, e.Entity, e.RecordID)
		if err != nil || received.Text("kind") != "message" {
			return err
		}
		_, err = host.SendMail(ctx, sdk.Mail{
			Key: e.ID, To: []string{received.Text("from")}, Subject: "Re: " + received.Text("subject"), Text: "We have it.", InReplyTo: received.Text("messageId"),
		})
		return err
	})}
}

// box is a mailbox on a mail server, which counts who reads it.
type box struct {
	t       *testing.T
	user    *imapmemserver.User
	address string

	mu    sync.Mutex
	conns map[net.Conn]bool
	most  int // at the same time
}

func serveBox(t *testing.T) *box {
	t.Helper()
	b := &box{t: t, user: imapmemserver.NewUser("desk", "s3cret"), conns: map[net.Conn]bool{}}
	if err := b.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	all := imapmemserver.New()
	all.AddUser(b.user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.conns[c.NetConn()] = true
			b.most = max(b.most, len(b.conns))
			return &counted{all.NewSession(), b, c.NetConn()}, nil, nil
		},
		InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.address = listener.Addr().String()
	go server.Serve(listener)
	t.Cleanup(func() { _ = server.Close() })
	return b
}

// counted is a conversation that is counted until it ends.
type counted struct {
	imapserver.Session
	box  *box
	conn net.Conn
}

func (c *counted) Close() error {
	c.box.mu.Lock()
	defer c.box.mu.Unlock()
	delete(c.box.conns, c.conn)
	return c.Session.Close()
}

// put lays mails into the mailbox.
func (b *box) put(name string, count int) {
	b.t.Helper()
	for i := range count {
		raw := fmt.Sprintf("From: Ada <ada@example.com>\r\nTo: service@example.org\r\nSubject: %s %d\r\nMessage-ID: <%[1]s%d@example.com>\r\n\r\nWhere is my order?\r\n", name, i)
		if _, err := b.user.Append("INBOX", sized{strings.NewReader(raw)}, &imap.AppendOptions{Time: time.Now()}); err != nil {
			b.t.Fatal(err)
		}
	}
}

type sized struct{ *strings.Reader }

func (s sized) Size() int64 { return s.Reader.Size() }

// reading is the environment of a site with a mail server and this mailbox.
func (b *box) reading(office *post) []string {
	password := write(b.t, filepath.Join(b.t.TempDir(), "password"), "s3cret\n")
	return []string{
		"XRM_MAIL_SERVER=" + office.address, "XRM_MAIL_SECURITY=none", "XRM_MAIL_FROM=Example Ltd <service@example.org>",
		"XRM_MAIL_INBOX_SERVER=" + b.address, "XRM_MAIL_INBOX_SECURITY=none", "XRM_MAIL_INBOX_USER=desk", "XRM_MAIL_INBOX_PASSWORD_FILE=" + password,
	}
}

func TestEachMailComesInOnceThoughTheServerIsKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		inbox := serveBox(t)
		data, environ := t.TempDir(), inbox.reading(servePost(t))
		inbox.put("first", 100)
		p := spawn(t, data, environ, flags...).ready()
		eventually(t, func() string {
			if got := p.must(`{ receivedMails { totalCount } }`, nil); got == `{"receivedMails":{"totalCount":0}}` {
				return "nothing has come in"
			}
			return ""
		})
		p.kill()
		inbox.put("second", 20)
		p = spawn(t, data, environ, flags...).ready()
		p.becomes(`{ receivedMails(filter: {kind: {eq: message}}) { totalCount } last: receivedMails(search: "second 19") { totalCount } }`, nil,
			`{"receivedMails":{"totalCount":120},"last":{"totalCount":1}}`)
	})
}

func TestAPluginAnswersWhatComesIn(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		office, inbox := servePost(t), serveBox(t)
		plugins := t.TempDir()
		cast(t, plugins, "receptionist", "needs: {mail: true, asPlugin: true, events: [receivedMail.created], records: {receivedMail: {read: true}}}")
		p := spawn(t, t.TempDir(), inbox.reading(office), append(flags, "--plugins", plugins)...).ready()
		inbox.put("third", 1)
		p.becomes(`{ receivedMails { nodes { from fromName subject text } } mails { nodes { subject inReplyTo automatic state } } }`, nil,
			`{"receivedMails":{"nodes":[{"from":"ada@example.com","fromName":"Ada","subject":"third 0","text":"Where is my order?"}]},"mails":{"nodes":[{"subject":"Re: third 0","inReplyTo":"third0@example.com","automatic":true,"state":"sent"}]}}`)
		if got := office.got(); len(got) != 1 || !strings.Contains(got[0], "In-Reply-To: <third0@example.com>") || !strings.Contains(got[0], "Auto-Submitted: auto-replied") {
			t.Errorf("the answer does not say what it answers, or that a machine has written it: %q", got)
		}
		if log := p.log.String(); strings.Contains(log, "s3cret") {
			t.Error("the password is in the log")
		}
	})
}

func TestOneInstanceAtATimeReadsTheMailbox(t *testing.T) {
	t.Parallel()
	uri := mongoDatabase(t)
	office, inbox := servePost(t), serveBox(t)
	environ := inbox.reading(office)
	inbox.put("first", 5)
	data := t.TempDir()
	a := spawn(t, data, environ, "--store", uri).ready()
	b := spawn(t, data, environ, "--store", uri).ready()
	const query = `{ serverServices { name state lastError } receivedMails { totalCount } }`
	at := func(total int) string {
		return fmt.Sprintf(`{"serverServices":[{"name":"sender","state":"RUNNING","lastError":null},{"name":"inbox","state":"RUNNING","lastError":null}],"receivedMails":{"totalCount":%d}}`, total)
	}
	a.becomes(query, nil, at(5))
	b.becomes(query, nil, at(5))
	a.kill()
	inbox.put("second", 5)
	b.becomes(query, nil, at(10))
	if inbox.most != 1 {
		t.Errorf("%d have read it at the same time", inbox.most)
	}
}

func TestAnAdministratorLearnsWhyTheMailboxCannotBeRead(t *testing.T) {
	t.Parallel()
	office, inbox := servePost(t), serveBox(t)
	p := spawn(t, t.TempDir(), append(inbox.reading(office), "XRM_MAIL_INBOX_FOLDER=Support")).ready()
	p.becomes(`{ serverServices { name state lastError } }`, nil,
		`{"serverServices":[{"name":"sender","state":"RUNNING","lastError":null},{"name":"inbox","state":"FAILED","lastError":"open the mailbox desk at `+inbox.address+`, Support: open the folder Support: imap: NO [NONEXISTENT] No such mailbox"}]}`)
}

func TestAMailboxThatCannotBeMeantIsToldAllAtOnce(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"no mail server": {
			"mail: {inbox: {server: 'imap.example.com:993', user: desk, passwordFile: f}}",
			"mail.inbox.server (XRM_MAIL_INBOX_SERVER) needs a mail.server: answers and reports are about what went out",
		},
		"a server and no more": {
			"mail: {server: 'mail.example.com:587', from: desk@example.com, inbox: {server: imap.example.com, security: ssl, folder: ''}}",
			"mail.inbox.security (XRM_MAIL_INBOX_SECURITY) must be tls, starttls or none, not \"ssl\"\n" +
				"mail.inbox.server (XRM_MAIL_INBOX_SERVER) must be a host with a port such as imap.example.com:993, not \"imap.example.com\"\n" +
				"mail.inbox.user (XRM_MAIL_INBOX_USER) must say whose mailbox it is\n" +
				"mail.inbox.passwordFile (XRM_MAIL_INBOX_PASSWORD_FILE) must name the file with the password of the mailbox\n" +
				"mail.inbox.folder (XRM_MAIL_INBOX_FOLDER) must name a folder such as INBOX",
		},
		"no server": {
			"mail: {inbox: {user: desk}}",
			"mail.inbox.user (XRM_MAIL_INBOX_USER) is of no use without a mail.inbox.server",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := load(t, tt.file, nil); err == nil || err.Error() != tt.want {
				t.Errorf("got\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}
