package plugintest_test

import (
	"cmp"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func answer(ctx context.Context, host sdk.Host, e *sdk.Event) error {
	received, err := host.Get(ctx, "receivedMail", e.RecordID)
	if err != nil || received.Text("kind") != "message" {
		return err // whoever answers machines never stops
	}
	to := cmp.Or(received.Text("replyTo"), received.Text("from"))
	if to == "" {
		return nil // it does not say whom it is from
	}
	_, err = host.SendMail(ctx, sdk.Mail{
		Key: e.ID, To: []string{to}, Template: "receipt", Language: "de",
		Values: map[string]any{"subject": received.Text("subject")}, InReplyTo: received.Text("messageId"),
	})
	return err
}

func TestAPluginAnswersWhoeverHasWrittenAMail(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, sdk.Plugin{
		Name: "desk", Version: "1.0.0",
		Mails:  fstest.MapFS{"mails/receipt.de.txt": {Data: []byte("Subject: Re: {{.subject}}\n\nWir haben Ihre Nachricht.\n")}},
		Events: []sdk.Subscription{sdk.On("receivedMail.created", answer)},
	})
	for _, kind := range []string{"message", "automatic", "report", "own"} {
		_, err := h.Save(&sdk.Record{Entity: "receivedMail", Values: map[string]any{
			"kind": kind, "from": "ada@example.org", "subject": "Größe 42", "messageId": kind + "@example.org", "receivedAt": "2026-12-01T10:00:00Z",
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	h.Deliver()
	mails := h.Mails()
	if len(mails) != 1 || mails[0].To[0] != "ada@example.org" || mails[0].Subject != "Re: Größe 42" || mails[0].InReplyTo != "message@example.org" {
		t.Errorf("it has sent %+v", mails)
	}
}

func TestThePageForGoShowsWhatIsTestedHere(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../GO.md")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile("received_test.go")
	if err != nil {
		t.Fatal(err)
	}
	tested := regexp.MustCompile(`(?ms)^func answer\(.*?^}$`).Find(self)
	if len(tested) == 0 || !strings.Contains(string(page), string(tested)) {
		t.Errorf("GO.md has another\n%s", tested)
	}
}
