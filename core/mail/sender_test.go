package mail_test

import (
	"errors"
	"io"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

var complaint = core.Mail{
	Plugin: "complaints", Key: "receipt C-1", To: []string{"Ada Lovelace <ada@example.com>"}, Cc: []string{"bob@müller.example"}, Bcc: []string{"eve@example.com"},
	Subject: "Ihre Reklamation über Größe 42", Text: "Guten Tag,\nwir haben sie.", HTML: "<p>Guten Tag,</p>", Language: "de", InReplyTo: "<q1@example.com>",
}

func TestAMailGoesToEverybodyAndSaysWhatItShould(t *testing.T) {
	onBothStores(t, func(w *world) {
		id := w.post(complaint).ID
		w.wantState(id, "queued", "pending", "pending", "pending")
		w.look()
		w.wantState(id, "sent", "accepted", "accepted", "accepted")
		w.look()
		letters := w.server.letters()
		if len(letters) != 1 || !slices.Equal(letters[0].to, []string{"ada@example.com", "bob@xn--mller-kva.example", "eve@example.com"}) {
			w.Fatalf("the server got %+v", letters)
		}
		got, err := netmail.ReadMessage(strings.NewReader(letters[0].content))
		if err != nil {
			w.Fatal(err)
		}
		for field, want := range map[string]string{
			"From":           "=?utf-8?q?M=C3=BCller_GmbH?= <service@example.org>",
			"To":             `"Ada Lovelace" <ada@example.com>`,
			"Cc":             "<bob@xn--mller-kva.example>",
			"Bcc":            "",
			"Message-Id":     "<" + id + "@example.org>",
			"In-Reply-To":    "<q1@example.com>",
			"Auto-Submitted": "auto-replied",
		} {
			if got := got.Header.Get(field); got != want {
				w.Errorf("%s: %q, want %q", field, got, want)
			}
		}
		if strings.Contains(letters[0].content, "eve@") {
			w.Error("others see to whom the blind copy went")
		}
		if is := w.is(id); is["messageId"] != id+"@example.org" || is["sentAt"] == nil {
			w.Errorf("the record says %v", is)
		}
	})
}

func TestOneRecipientWhoIsRefusedKeepsTheMailFromNobodyElse(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.server.refusing("ada@example.com", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"})
		id := w.post(complaint).ID
		w.look()
		w.wantState(id, "sent", "refused", "accepted", "accepted")
		if reply := w.is(id)["recipients"].([]any)[0].(values)["reply"]; reply != "SMTP error 550: no such user" {
			w.Errorf("the reply is %q", reply)
		}
	})
}

func TestARecipientWhoHasToWaitGetsTheMailLaterAndNobodyTwice(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.server.refusing("ada@example.com", &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"})
		id := w.post(complaint).ID
		w.look()
		w.wantState(id, "queued", "pending", "accepted", "accepted")
		w.server.refusing("ada@example.com", nil)
		w.look() // too early
		w.wantState(id, "queued", "pending", "accepted", "accepted")
		w.later = time.Minute
		w.look()
		w.wantState(id, "sent", "accepted", "accepted", "accepted")
		if got := w.server.letters(); len(got) != 2 || !slices.Equal(got[1].to, []string{"ada@example.com"}) {
			w.Errorf("the server got %+v", got)
		}
	})
}

// cut takes a whole mail and goes away without an answer.
func cut(conn *smtp.Conn, r io.Reader) error {
	_, _ = io.Copy(io.Discard, r)
	_ = conn.Conn().Close()
	return errors.New("gone")
}

func TestWhatWasPerhapsSentIsNotSentAgainByItself(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.server.taking(cut)
		id := w.post(complaint).ID
		w.look()
		w.wantState(id, "unknown", "unknown", "unknown", "unknown")
		if why, _ := w.is(id)["lastError"].(string); !strings.HasPrefix(why, "the connection broke off before the server said whether it has taken the mail") {
			w.Errorf("it says %q", why)
		}
		w.server.taking(nil)
		w.later = 24 * time.Hour
		w.look()
		w.wantState(id, "unknown", "unknown", "unknown", "unknown")
		if got := w.server.letters(); len(got) != 0 {
			w.Fatalf("the server got %+v", got)
		}
		w.save("mail", record.Draft{Action: core.Updated, ID: id, Set: values{"state": "queued"}}) // somebody knows that it was not
		w.look()
		w.wantState(id, "sent", "accepted", "accepted", "accepted")
		if got := w.server.letters(); len(got) != 1 || !strings.Contains(got[0].content, "<"+id+"@example.org>") {
			w.Errorf("the server got %+v, want the same Message-ID", got)
		}
	})
}

func TestWhatBreaksOffBeforeItsEndIsSentAgain(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.server.taking(func(*smtp.Conn, io.Reader) error {
			return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "the disk is full"}
		})
		id := w.post(complaint).ID
		w.look()
		w.wantState(id, "queued", "pending", "pending", "pending")
		w.server.taking(nil)
		w.later = time.Minute
		w.look()
		w.wantState(id, "sent", "accepted", "accepted", "accepted")
		if is := w.is(id); is["attempts"] != int64(2) || is["lastError"] != nil {
			w.Errorf("the record says %v", is)
		}
	})
}

func TestASenderMarksWhatTheOneBeforeItWasHandingOver(t *testing.T) {
	onBothStores(t, func(w *world) {
		reached, goOn := make(chan struct{}), make(chan struct{})
		w.server.taking(func(_ *smtp.Conn, r io.Reader) error {
			_, err := io.Copy(io.Discard, r)
			close(reached)
			<-goOn
			return err
		})
		id := w.post(complaint).ID
		ended := make(chan error)
		go func() { ended <- w.sender.Round(w.Context(), w.on) }()
		<-reached
		w.wantState(id, "sending", "pending", "pending", "pending")
		if err := w.another().Round(w.Context(), w.on); err != nil {
			w.Fatal(err)
		}
		w.wantState(id, "unknown", "unknown", "unknown", "unknown")
		close(goOn) // it was only slow
		if err := <-ended; err != nil {
			w.Error(err)
		}
		w.wantState(id, "sent", "accepted", "accepted", "accepted")
	})
}

func TestNothingIsSentToAddressesThatAreSuppressed(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.save("suppression", record.Draft{Action: core.Created, Set: values{"address": "Ada@Example.com", "reason": "asked"}})
		id := w.post(complaint).ID
		m := complaint
		m.Key, m.Cc, m.Bcc = "another", nil, nil
		alone := w.post(m).ID
		w.look()
		w.wantState(id, "sent", "suppressed", "accepted", "accepted")
		w.wantState(alone, "suppressed", "suppressed")
		if got := w.server.letters(); len(got) != 1 || slices.Contains(got[0].to, "ada@example.com") {
			w.Errorf("the server got %+v", got)
		}
	})
}

func TestAMailThatCameToItsEndIsTriedForAllWhenSomebodyMovesItBack(t *testing.T) {
	onBothStores(t, func(w *world) {
		m := complaint
		m.Cc, m.Bcc = []string{"bob@example.com"}, nil
		suppressed := w.save("suppression", record.Draft{Action: core.Created, Set: values{"address": "ada@example.com"}}).ID
		w.server.refusing("bob@example.com", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"})
		id := w.post(m).ID
		w.look()
		w.wantState(id, "failed", "suppressed", "refused")
		w.save("suppression", record.Draft{Action: core.Deleted, ID: suppressed})
		w.server.refusing("bob@example.com", nil)
		w.look()
		w.wantState(id, "failed", "suppressed", "refused")
		w.save("mail", record.Draft{Action: core.Updated, ID: id, Set: values{"state": "queued"}})
		w.look()
		w.wantState(id, "sent", "accepted", "accepted")
	})
}

func TestASenderOfAnInternationalDomainNeedsNothingOfTheServer(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.sender.Server.From.Address = "service@müller.example"
		m := complaint
		m.Cc, m.Bcc = nil, nil
		id := w.post(m).ID
		w.look()
		w.wantState(id, "sent", "accepted")
	})
}

func TestAMailWaitsForAServerThatIsAway(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.server.away()
		id := w.post(complaint).ID
		w.look()
		w.wantState(id, "queued", "pending", "pending", "pending")
		if is := w.is(id); is["dueAt"] == nil || !strings.Contains(is["lastError"].(string), "connection refused") {
			w.Errorf("the record says %v", is)
		}
	})
}

func TestAMailThatFindsNoTakerForFiveDaysHasFailed(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.server.away()
		id := w.post(complaint).ID
		for range 126 {
			w.wantState(id, "queued", "pending", "pending", "pending")
			w.look()
			w.later += time.Hour
		}
		w.wantState(id, "failed", "pending", "pending", "pending")
		if days := w.later / (24 * time.Hour); days != 5 {
			w.Errorf("it was tried for %d days", days)
		}
	})
}
