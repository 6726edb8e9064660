package mail_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mail"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// pile is a mailbox with the mails that lie in it, from the first number on.
type pile []string

func (pile) Name() string { return "a pile" }

var errNoMore = errors.New("there is no more")

func (p pile) Follow(ctx context.Context, at mail.Place, take func(context.Context, mail.Found, mail.Place) error) error {
	for _, raw := range p[at.UID:] {
		at.UID++
		raw = strings.ReplaceAll(raw, "\n", "\r\n")
		if err := take(ctx, mail.Found{Raw: []byte(raw), Size: int64(len(raw)), UID: at.UID, At: time.Date(2026, 12, 1, 10, 0, int(at.UID), 0, time.UTC)}, at); err != nil {
			return err
		}
	}
	return errNoMore
}

// receiver takes in the mails of a mailbox.
func (w *world) receiver(from mail.Mailbox) *mail.Receiver {
	return &mail.Receiver{Mailbox: from, Records: w.records, State: w.state, Log: slog.New(slog.NewTextHandler(&w.log, nil))}
}

func (w *world) now() (record.Basis, bool) { return w.on, true }

// takeIn takes in all mails, or fails the test.
func (w *world) takeIn(mails ...string) {
	w.Helper()
	w.state = &memory{}
	if err := w.receiver(pile(mails)).Run(w.Context(), w.now); !errors.Is(err, errNoMore) {
		w.Fatal(err)
	}
}

// all returns the values of the records of an entity, what came first first.
func (w *world) all(entity string) (all []values) {
	w.Helper()
	e := w.on.Model.Entity(entity)
	found, err := w.records.As(mail.Postmaster, w.on).Unbound().Find(w.Context(), e, core.Query{First: -1})
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range found {
		all = append(all, r.Values)
	}
	slices.SortFunc(all, func(a, b values) int {
		return strings.Compare(fmt.Sprint(a["receivedAt"]), fmt.Sprint(b["receivedAt"]))
	})
	return all
}

// memory keeps how far the mailbox was read.
type memory struct {
	mu    sync.Mutex
	value []byte
	fails int // so many times, from the second one on
	puts  int
}

func (m *memory) State(context.Context, string, string) ([]byte, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value, 0, nil
}

func (m *memory) PutState(_ context.Context, _, _ string, value []byte, _ int64, _ time.Time) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.puts++; m.puts > 1 && m.fails > 0 {
		m.fails--
		return 0, &core.Error{Code: core.Unavailable, Message: "The process was killed."}
	}
	m.value = value
	return 0, nil
}

const question = `From: Ada <ada@example.com>
To: service@example.org
Cc: bob@example.com
Reply-To: ada@example.net
Subject: Größe 42
Date: Tue, 1 Dec 2026 10:00:00 +0100
Message-ID: <q1@example.com>

Sie passt nicht.
`

func TestAMailThatComesInIsARecord(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.takeIn(question)
		got := w.all("receivedMail")
		if len(got) != 1 {
			w.Fatalf("there are %d", len(got))
		}
		key := got[0]["key"]
		want := values{
			"key": key, "kind": "message", "from": "ada@example.com", "fromName": "Ada", "replyTo": "ada@example.net", "subject": "Größe 42", "text": "Sie passt nicht.",
			"messageId": "q1@example.com", "size": int64(len(question) + strings.Count(question, "\n")), "receivedAt": got[0]["receivedAt"],
			"recipients": []any{values{"address": "service@example.org", "kind": "to"}, values{"address": "bob@example.com", "kind": "cc"}},
		}
		if diff := cmp.Diff(want, got[0]); diff != "" {
			w.Error(diff)
		}
		if at := fmt.Sprint(got[0]["receivedAt"]); !strings.HasPrefix(at, "2026-12-01") {
			w.Errorf("it came at %s", at)
		}
	})
}

func TestAMailThatIsFoundAgainIsNoSecondRecord(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.takeIn(question, question) // in two folders, or delivered twice
		w.takeIn(question)           // after the server has numbered its mails anew
		if got := w.all("receivedMail"); len(got) != 1 {
			w.Fatalf("there are %d", len(got))
		}
		e := w.on.Model.Entity("receivedMail")
		found, err := w.records.As(mail.Postmaster, w.on).Unbound().Find(w.Context(), e, core.Query{First: 1})
		if err != nil {
			w.Fatal(err)
		}
		w.save("receivedMail", record.Draft{Action: core.Deleted, ID: found[0].ID})
		w.takeIn(question)
		if got := w.all("receivedMail"); len(got) != 0 {
			w.Error("the record that somebody has deleted is there again")
		}
	})
}

func TestAServerThatIsKilledBeforeItHasNotedAMailTakesItInOnce(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.state = &memory{fails: 1}
		r := w.receiver(pile{question, strings.ReplaceAll(question, "q1@", "q2@")})
		if err := r.Run(w.Context(), w.now); core.CodeOf(err) != core.Unavailable {
			w.Fatal(err)
		}
		if got := w.all("receivedMail"); len(got) != 1 {
			w.Fatalf("there are %d", len(got))
		}
		if err := r.Run(w.Context(), w.now); !errors.Is(err, errNoMore) {
			w.Fatal(err)
		}
		if got := w.all("receivedMail"); len(got) != 2 {
			w.Errorf("there are %d", len(got))
		}
	})
}

func TestTwoInstancesThatTakeInTheSameMakeOneRecord(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.state = &memory{}
		var mails pile
		for i := range 20 {
			mails = append(mails, strings.ReplaceAll(question, "q1@", fmt.Sprintf("q%d@", i)))
		}
		var both sync.WaitGroup
		for range 2 {
			r := w.receiver(mails)
			both.Go(func() {
				if err := r.Run(w.Context(), w.now); !errors.Is(err, errNoMore) {
					w.Error(err)
				}
			})
		}
		both.Wait()
		if got := w.all("receivedMail"); len(got) != 20 {
			w.Errorf("there are %d", len(got))
		}
	})
}

func TestAnInstanceThatIsNotSureTakesNothingIn(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.state = &memory{}
		err := w.receiver(pile{question}).Run(w.Context(), func() (record.Basis, bool) { return w.on, false })
		if got := w.all("receivedMail"); !errors.Is(err, context.Canceled) || len(got) != 0 {
			w.Errorf("%v; there are %d", err, len(got))
		}
	})
}

func TestWhatCannotBeReadIsToldAndHoldsNobodyUp(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.takeIn("\nno header\n", "From: root@localhost\nTo: x, y@z\nSubject: odd\n\ntext", "Subject: from nobody\n\ntext", question)
		got := w.all("receivedMail")
		if len(got) != 4 {
			w.Fatalf("there are %d", len(got))
		}
		for i, want := range []string{"unreadable it has no header", `message "root@localhost", whom it is from, is no mail address`, "message it does not say whom it is from", "message <nil>"} {
			if is := fmt.Sprint(got[i]["kind"], " ", got[i]["problem"]); is != want {
				w.Errorf("the mail %d: %s; want %s", i, is, want)
			}
		}
	})
}

func TestAMailThatARuleRefusesIsToldAndHoldsNobodyUp(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.on.Hooks = []record.Hook{choosy{}}
		w.takeIn(strings.ReplaceAll(question, "Größe 42", "spam"), strings.ReplaceAll(question, "q1@", "q2@"))
		if got := w.all("receivedMail"); len(got) != 1 || got[0]["messageId"] != "q2@example.com" {
			w.Errorf("there are %v", got)
		}
		if said := w.log.String(); !strings.Contains(said, "A mail was not taken in. It stays in the mailbox.") || !strings.Contains(said, "uid=1") || !strings.Contains(said, "we want no spam") {
			w.Errorf("the log says %s", said)
		}
	})
}

// choosy is a plugin that refuses spam, and fails at what is odd.
type choosy struct{ record.Hook }

func (choosy) BeforeSave(_ context.Context, _ record.Basis, _ *schema.Entity, changes []core.Change) []error {
	errs := make([]error, len(changes))
	for i, c := range changes {
		switch c.After.Values["subject"] {
		case "spam":
			errs[i] = &core.Error{Code: core.Invalid, Message: "we want no spam"}
		case "odd":
			errs[i] = errors.New("a bug")
		case "down":
			errs[i] = &core.Error{Code: core.Unavailable, Message: "the plugin is down"}
		}
	}
	return errs
}

func TestAMailWaitsForAPluginThatIsDown(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.state = &memory{}
		w.on.Hooks = []record.Hook{choosy{}}
		r := w.receiver(pile{strings.ReplaceAll(question, "Größe 42", "down")})
		for range 30 {
			if err := r.Run(w.Context(), w.now); core.CodeOf(err) != core.Unavailable || !strings.HasPrefix(err.Error(), "take in the mail 1 of the mailbox: ") {
				w.Fatal(err)
			}
		}
		w.on.Hooks = nil
		if err := r.Run(w.Context(), w.now); !errors.Is(err, errNoMore) || len(w.all("receivedMail")) != 1 {
			w.Errorf("%v; there are %v", err, w.all("receivedMail"))
		}
	})
}

func TestAMailAtWhichTheServerFailsAgainAndAgainIsLeftInTheMailbox(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.state = &memory{}
		w.on.Hooks = []record.Hook{choosy{}}
		r := w.receiver(pile{strings.ReplaceAll(question, "Größe 42", "odd"), question})
		tries := 1
		for ; !errors.Is(r.Run(w.Context(), w.now), errNoMore); tries++ {
			if tries > 10 {
				w.Fatal("it is tried for ever")
			}
		}
		if got := w.all("receivedMail"); tries != 10 || len(got) != 1 || !strings.Contains(w.log.String(), "a bug") {
			w.Errorf("after %d tries there are %v; the log says %s", tries, got, w.log.String())
		}
	})
}
