package mail_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mail"
	"github.com/openxrm/xrm/core/mail/imap"
)

// mailbox is a mailbox of the real server, which speaks IMAP (RFC 3501).
type mailbox struct {
	*testing.T
	conn  net.Conn
	lines *bufio.Reader
	count int
}

func openMailbox(t *testing.T, user string) *mailbox {
	t.Helper()
	conn, err := net.Dial("tcp", os.Getenv("XRM_TEST_IMAP"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	m := &mailbox{T: t, conn: conn, lines: bufio.NewReader(conn)}
	m.ask("LOGIN " + user + " xrm")
	m.ask("SELECT INBOX")
	return m
}

// ask sends a command and returns all that is said until it is done.
func (m *mailbox) ask(command string) string {
	m.Helper()
	m.count++
	tag := fmt.Sprintf("a%d", m.count)
	fmt.Fprintf(m.conn, "%s %s\r\n", tag, command)
	_ = m.conn.SetDeadline(time.Now().Add(20 * time.Second))
	var said strings.Builder
	for {
		line, err := m.lines.ReadString('\n')
		if err != nil {
			m.Fatalf("%s: %v", command, err)
		}
		said.WriteString(line)
		if rest, done := strings.CutPrefix(line, tag+" "); done {
			if !strings.HasPrefix(rest, "OK") {
				m.Fatalf("%s: %s", command, rest)
			}
			return said.String()
		}
	}
}

// await returns the mail with a Message-ID once it is there.
func (m *mailbox) await(messageID string) string {
	m.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		_, found, _ := strings.Cut(m.ask("UID SEARCH HEADER Message-ID "+messageID), "* SEARCH ")
		if uid, _, _ := strings.Cut(found, "\r\n"); uid != "" && strings.TrimSpace(uid) != "" {
			return m.ask("UID FETCH " + strings.Fields(uid)[0] + " BODY[]")
		}
		m.ask("NOOP")
	}
	m.Fatalf("there is no mail %s", messageID)
	return ""
}

// A real mail server takes what we write, and the recipient gets it.
func TestARealMailServerTakesOurMails(t *testing.T) {
	address := os.Getenv("XRM_TEST_SMTP")
	if address == "" {
		t.Skip("XRM_TEST_SMTP is not set: run .ci/lab up mail")
	}
	onBothStores(t, func(w *world) {
		w.sender.Server.Address, w.sender.Server.From.Address = address, "desk@example.test"
		m := core.Mail{Plugin: "complaints", Key: "k", To: []string{"Ada <ada@example.test>"}, Cc: []string{"nobody@elsewhere.test"}, Subject: "Größe 42", Text: ".\n..\nGrüße " + strings.Repeat("x", 2000), HTML: "<p>Grüße</p>"}
		id := w.post(m).ID
		w.look()
		w.wantState(id, "sent", "accepted", "refused")
		if reply := w.is(id)["recipients"].([]any)[1].(values)["reply"].(string); !strings.Contains(reply, "this server knows nobody outside") {
			w.Errorf("the refused one says %q", reply)
		}
		got := openMailbox(w.T, "ada").await(id + "@example.test")
		for _, want := range []string{"Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe_42?=", "Auto-Submitted: auto-generated", "multipart/alternative", "Gr=C3=BC=C3=9Fe"} {
			if !strings.Contains(got, want) {
				w.Errorf("%q is not in\n%s", want, got)
			}
		}
	})
}

// receiving takes in the mails of a mailbox of the real server until the test ends.
func (w *world) receiving(user string) {
	w.state = &memory{}
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	w.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			w.Error(err)
		}
	})
	r := w.receiver(imap.Mailbox{Address: os.Getenv("XRM_TEST_IMAP"), Security: mail.Plain, User: user, Password: "xrm"})
	go func() { ended <- r.Run(ctx, w.now) }()
}

// awaitReceived returns the mail that came in and fits, once it is there.
func (w *world) awaitReceived(fits func(values) bool) values {
	w.Helper()
	for late := time.After(20 * time.Second); ; {
		all := w.all("receivedMail")
		if i := slices.IndexFunc(all, fits); i >= 0 {
			return all[i]
		}
		select {
		case <-w.written:
		case <-late:
			w.Fatal("it did not come in")
		}
	}
}

// What others send to a real mail server comes in, and what comes back is known.
func TestARealMailServerBringsUsMailsAndReports(t *testing.T) {
	address := os.Getenv("XRM_TEST_SMTP")
	if address == "" {
		t.Skip("XRM_TEST_SMTP is not set: run .ci/lab up mail")
	}
	onBothStores(t, func(w *world) {
		w.receiving("desk")
		messageID := uuid.NewString() + "@example.test"
		raw := "From: Ada <ada@example.test>\r\nTo: desk+4711@example.test\r\nSubject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\nMessage-ID: <" + messageID + ">\r\n\r\nSie passt nicht.\r\n.\r\n"
		if err := smtp.SendMail(address, nil, "ada@example.test", []string{"desk+4711@example.test"}, []byte(raw)); err != nil {
			w.Fatal(err)
		}
		got := w.awaitReceived(func(v values) bool { return v["messageId"] == messageID })
		if got["kind"] != "message" || got["from"] != "ada@example.test" || got["subject"] != "Größe" || got["text"] != "Sie passt nicht.\n." {
			w.Errorf("it says %v", got)
		}

		w.sender.Server.Address, w.sender.Server.From.Address = address, "desk@example.test"
		nobody := "nobody-" + uuid.NewString() + "@example.test"
		id := w.post(core.Mail{Plugin: "complaints", Key: "k", To: []string{nobody}, Subject: "Your complaint", Text: "We have it."}).ID
		w.look()
		report := w.awaitReceived(func(v values) bool { return v["mail"] == id })
		w.wantState(id, "sent", "bounced")
		if reply := fmt.Sprint(w.is(id)["recipients"].([]any)[0].(values)["reply"]); report["kind"] != "report" || !strings.HasPrefix(reply, "failed 5.1.1 550 5.1.1 <"+nobody+"> User doesn't exist") {
			w.Errorf("it is known by %v, and the recipient says %s", report, reply)
		}
		if got := w.suppressed(); len(got) != 1 || !strings.HasPrefix(got[0], nobody+" bounced: failed 5.1.1") {
			w.Errorf("suppressed are %q", got)
		}
	})
}
