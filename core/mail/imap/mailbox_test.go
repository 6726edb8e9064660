package imap_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/openxrm/xrm/core/mail"
	"github.com/openxrm/xrm/core/mail/imap"
	"github.com/openxrm/xrm/core/mail/incoming"
)

var today = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// since is a place before which nothing was read.
var since = mail.Place{Since: today.AddDate(0, 0, -1).Truncate(24 * time.Hour)}

func TestWhatLiesInTheMailboxAndWhatComesIsTakenInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.put("Subject: s\r\n\r\nold", today.AddDate(0, -1, 0))
	w.put("Subject: s\r\n\r\none", today)
	w.put("Subject: s\r\n\r\ntwo", today)
	var got []mail.Found
	err := w.mailbox.Follow(t.Context(), since, func(_ context.Context, f mail.Found, _ mail.Place) error {
		switch got = append(got, f); len(got) {
		case 2:
			w.put("Subject: s\r\n\r\ncame at once", today)
		case 3:
			time.AfterFunc(50*time.Millisecond, func() { w.put("Subject: s\r\n\r\ncame later", today) })
		case 4:
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	w.want(got, "one", "two", "came at once", "came later")
	if got[0].UID != 2 || got[0].Size != 17 || !got[0].At.Equal(today) {
		t.Errorf("the first one is %+v", got[0])
	}
	if status, err := w.user.Status("INBOX", &goimap.StatusOptions{NumMessages: true, NumUnseen: true}); err != nil || *status.NumMessages != 5 || *status.NumUnseen != 5 {
		t.Errorf("%v; of %d mails %d are unseen, want 5 of 5: reading changes nothing", err, *status.NumMessages, *status.NumUnseen)
	}
}

func TestAMailThatComesToAServerThatCannotTellIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.hide(" IDLE")
	w.put("Subject: s\r\n\r\none", today)
	var got []mail.Found
	err := w.mailbox.Follow(t.Context(), since, func(_ context.Context, f mail.Found, _ mail.Place) error {
		if got = append(got, f); len(got) == 2 {
			return errEnough
		}
		time.AfterFunc(30*time.Millisecond, func() { w.put("Subject: s\r\n\r\ntwo", today) })
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	w.want(got, "one", "two")
}

func TestAfterACutConnectionItGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, text := range []string{"one", "two", "three"} {
		w.put("Subject: s\r\n\r\n"+text, today)
	}
	var got []mail.Found
	at := since
	err := w.mailbox.Follow(t.Context(), at, func(_ context.Context, f mail.Found, reached mail.Place) error {
		got, at = append(got, f), reached
		w.cut()
		return nil
	})
	if err == nil || errors.Is(err, context.Canceled) {
		t.Fatalf("the connection was cut: %v", err)
	}
	w.want(got, "one")
	got, _ = w.follow(at, 2)
	w.want(got, "two", "three")
}

func TestAConnectionThatIsCutWhileItWaitsIsNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.put("Subject: s\r\n\r\none", today)
	err := w.mailbox.Follow(t.Context(), since, func(context.Context, mail.Found, mail.Place) error {
		time.AfterFunc(100*time.Millisecond, w.cut)
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "wait for mails in desk at "+w.mailbox.Address+", INBOX: ") {
		t.Errorf("got %v", err)
	}
}

func TestItEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.put("Subject: s\r\n\r\none", today)
	ctx, cancel := context.WithCancel(t.Context())
	err := w.mailbox.Follow(ctx, since, func(context.Context, mail.Found, mail.Place) error {
		time.AfterFunc(50*time.Millisecond, cancel)
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAMailboxWithOtherNumbersIsReadAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.put("Subject: s\r\n\r\none", today)
	w.put("Subject: s\r\n\r\ntwo", today)
	_, at := w.follow(since, 2)
	for _, do := range []error{w.user.Delete("INBOX"), w.user.Create("INBOX", nil)} {
		if do != nil {
			t.Fatal(do)
		}
	}
	w.put("Subject: s\r\n\r\nold", today.AddDate(-1, 0, 0))
	w.put("Subject: s\r\n\r\none", today)
	got, now := w.follow(at, 1)
	w.want(got, "one")
	if now.Validity == at.Validity || now.UID != 2 || !now.Since.Equal(at.Since) {
		t.Errorf("it is at %+v, and was at %+v", now, at)
	}
}

func TestOfAMailThatIsTooLargeTheHeaderIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	large := "Subject: photos\r\n\r\n" + strings.Repeat("x", incoming.MaxSize)
	w.put(large, today)
	w.put("Subject: s\r\n\r\nnext", today)
	got, _ := w.follow(since, 2)
	w.want(got, "", "next")
	if head := string(got[0].Raw); head != "Subject: photos\r\n\r\n" || got[0].Size != int64(len(large)) {
		t.Errorf("of %d bytes it has %q", got[0].Size, head)
	}
}

func TestTheCertificateAndThePasswordAreLookedAt(t *testing.T) {
	t.Parallel()
	site := httptest.NewTLSServer(nil)
	t.Cleanup(site.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(site.Certificate())
	for name, tt := range map[string]struct {
		change func(w *world)
		want   string
	}{
		"STARTTLS":                 {change: func(*world) {}},
		"a certificate of others":  {change: func(w *world) { w.mailbox.TLS.RootCAs = x509.NewCertPool() }, want: "certificate signed by unknown authority"},
		"a certificate of another": {change: func(w *world) { w.mailbox.TLS.ServerName = "other.example" }, want: "valid for example.com"},
		"a wrong password":         {change: func(w *world) { w.mailbox.Password = "s3cret2" }, want: "log in as desk: "},
		"no encryption":            {change: func(w *world) { w.mailbox.Security = mail.Plain }, want: "the server takes no password"},
		"no such way":              {change: func(w *world) { w.mailbox.Security = "ssl" }, want: `"ssl" is no way to secure a connection`},
		"no such folder":           {change: func(w *world) { w.mailbox.Folder = "Support" }, want: "open the folder Support: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &tls.Config{Certificates: site.TLS.Certificates})
			w.mailbox.Security, w.mailbox.TLS = mail.StartTLS, &tls.Config{RootCAs: trusted, ServerName: "example.com"}
			w.put("Subject: s\r\n\r\none", today)
			tt.change(w)
			if tt.want == "" {
				got, _ := w.follow(since, 1)
				w.want(got, "one")
				return
			}
			err := w.mailbox.Follow(t.Context(), since, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// A server that stands still would keep others from reading the mailbox.
func TestAServerThatDoesNotAnswerAnyMoreIsLeft(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	go func() {
		conn, err := silent.Accept()
		if err != nil {
			return
		}
		lines := bufio.NewScanner(conn)
		_, _ = conn.Write([]byte("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n"))
		for lines.Scan() {
			tag, command, _ := strings.Cut(lines.Text(), " ")
			if strings.HasPrefix(command, "UID SEARCH") {
				continue // and nothing more
			}
			answer := ""
			if strings.HasPrefix(command, "EXAMINE") {
				answer = "* 1 EXISTS\r\n* FLAGS ()\r\n* OK [UIDVALIDITY 1] v\r\n"
			}
			_, _ = conn.Write([]byte(answer + tag + " OK done\r\n"))
		}
	}()
	m := imap.Mailbox{Address: silent.Addr().String(), Security: mail.Plain, User: "desk", Password: "p", Patience: 200 * time.Millisecond}
	err = m.Follow(t.Context(), since, func(context.Context, mail.Found, mail.Place) error { return nil })
	if want := "the mail server did not answer within 200ms"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("it ends with %v, want %s", err, want)
	}
}
