package mail_test

import (
	"sync"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

func TestOfAllMailsWithOneKeyOneIsSent(t *testing.T) {
	onBothStores(t, func(w *world) {
		var posting sync.WaitGroup
		ids := make([]string, 20)
		for i := range ids {
			posting.Go(func() {
				r, err := w.outbox.Post(w.Context(), w.on, complaint)
				if err != nil {
					w.Error(err)
					return
				}
				ids[i] = r.ID
			})
		}
		posting.Wait()
		w.look()
		ids = append(ids, w.post(complaint).ID) // after it was sent
		w.look()
		for _, id := range ids {
			if id != ids[0] {
				w.Fatalf("there are several mails: %v", ids)
			}
		}
		if got := w.server.letters(); len(got) != 1 {
			w.Errorf("the server got %d mails", len(got))
		}
	})
}

func TestAPluginCannotTakeTheKeyOfAnother(t *testing.T) {
	onBothStores(t, func(w *world) {
		others := complaint
		others.Plugin = "loyalty"
		if w.post(complaint).ID == w.post(others).ID {
			w.Error("one mail stands for those of two plugins")
		}
	})
}

func TestEveryMistakeInAMailIsTold(t *testing.T) {
	onBothStores(t, func(w *world) {
		m := complaint
		m.To, m.Bcc = []string{"ada@example.com", "ada"}, []string{"Bob <bob@@example.com>"}
		_, err := w.outbox.Post(w.Context(), w.on, m)
		want := `The mail was not sent. to.1 "ada" is no mail address; write ada@example.org, or Ada <ada@example.org>; ` +
			`bcc.0 "Bob <bob@@example.com>" is no mail address; write ada@example.org, or Ada <ada@example.org>`
		if core.CodeOf(err) != core.Invalid || err.Error() != want {
			w.Errorf("got  %v\nwant %s", err, want)
		}
		m = core.Mail{Plugin: "complaints", Subject: "s", Text: "t"}
		if _, err := w.outbox.Post(w.Context(), w.on, m); core.CodeOf(err) != core.Invalid {
			w.Errorf("a mail to nobody: %v", err)
		}
	})
}

func TestWithoutAMailServerNothingIsQueued(t *testing.T) {
	model, err := schema.Load(entities.Sources()...)
	if err != nil {
		t.Fatal(err)
	}
	onBothStores(t, func(w *world) {
		_, err := w.outbox.Post(w.Context(), record.Basis{Model: model}, complaint)
		if want := "No mail can be sent: the site has no mail server yet. An administrator sets mail.server and mail.from."; core.CodeOf(err) != core.Unavailable || err.Error() != want {
			w.Errorf("got %v", err)
		}
	})
}
