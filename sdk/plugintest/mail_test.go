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
	if got, want := send("2", "ada"), `The mail was not sent: "ada" is no mail address.`; !strings.Contains(got, want) {
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
