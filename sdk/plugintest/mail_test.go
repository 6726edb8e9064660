package plugintest_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func TestMailsAreFilledInAndSentOncePerKey(t *testing.T) {
	t.Parallel()
	type order struct {
		Key string `json:"key"`
		To  string `json:"to"`
	}
	h := plugintest.Start(t, sdk.Plugin{
		Name: "desk", Version: "1.0.0",
		Mails: fstest.MapFS{"mails/receipt.de.txt": {Data: []byte("Subject: Anfrage {{.number}}\n\nWir haben sie.\n")}, "mails/receipt.en.txt": {Data: []byte("Subject: Request {{.number}}\n\nWe have it.\n")}},
		Operations: []sdk.Operation{sdk.Mutation("receipt", func(ctx context.Context, host sdk.Host, in order) (string, error) {
			mail, err := host.SendMail(ctx, sdk.Mail{Key: in.Key, To: []string{in.To}, Template: "receipt", Language: "de-AT", Values: map[string]any{"number": 7}})
			return mail.State, err
		})},
	})
	send := func(key, to string) string {
		_, err := h.Call("receipt", map[string]any{"key": key, "to": to})
		if err == nil {
			return ""
		}
		return err.Error()
	}
	if got := send("1", "Ada <ada@example.org>") + send("1", "Ada <ada@example.org>"); got != "" {
		t.Fatal(got)
	}
	if got, want := send("2", "ada"), `The mail was not sent.; to.0 "ada" is no mail address; write ada@example.org, or Ada <ada@example.org>`; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := send("", "ada@example.org"), "A mail needs a key"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	mails := h.Mails()
	if len(mails) != 1 || mails[0].Subject != "Anfrage 7" || mails[0].Text != "Wir haben sie." || mails[0].Language != "de" || mails[0].To[0] != "Ada <ada@example.org>" {
		t.Errorf("it has sent %+v", mails)
	}
}

// What becomes of a mail is told by its record, as at a site.
func TestAPluginHearsWhatBecomesOfItsMails(t *testing.T) {
	t.Parallel()
	var failed []string
	h := plugintest.Start(t, sdk.Plugin{
		Name: "desk", Version: "1.0.0",
		Operations: []sdk.Operation{sdk.Mutation("write", func(ctx context.Context, host sdk.Host, in struct{}) (string, error) {
			mail, err := host.SendMail(ctx, sdk.Mail{Key: "1", To: []string{"Ada <ada@example.org>"}, Subject: "Your order", Text: "It is on its way."})
			return mail.ID, err
		})},
		Events: []sdk.Subscription{sdk.On("mail.updated", func(ctx context.Context, host sdk.Host, e *sdk.Event) error {
			mail, err := host.Get(ctx, e.Entity, e.RecordID)
			if err == nil && mail.Values["state"] == "failed" {
				failed = append(failed, mail.ID)
			}
			return err
		})},
	})
	id, err := h.Call("write", nil)
	if err != nil {
		t.Fatal(err)
	}
	mail := h.Get("mail", id.(string))
	if to := mail.Values["recipients"].([]any)[0].(map[string]any); mail.Values["state"] != "queued" || to["address"] != "ada@example.org" || to["name"] != "Ada" {
		t.Errorf("the record says %v", mail.Values)
	}
	mail.Values = map[string]any{"state": "failed"}
	if _, err := h.Save(mail); err != nil {
		t.Fatal(err)
	}
	h.Deliver()
	if len(failed) != 1 || failed[0] != id {
		t.Errorf("it heard of %v; want %v", failed, id)
	}
}
