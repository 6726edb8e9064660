package sdk

import (
	"context"
	"fmt"
	"io/fs"
	"path"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Mail is a mail: made of a template of the plugin, or with Subject and Text.
type Mail struct {
	// Key says which mail it is: of all with one key of the plugin one is sent, whenever
	// they are asked for. It is required: the id of the event that it is about, say.
	Key string

	To, Cc, Bcc []string // each "ada@example.org" or "Ada <ada@example.org>"

	Template string         // its name in Plugin.Mails; "" for none
	Language string         // BCP 47; of a template the nearest language that it has is taken
	Values   map[string]any // what the template is filled in with

	Subject, Text string // in the place of a template
	HTML          string // "" for none

	Party     string // the id of whom it is about; "" for nobody
	ReplyTo   string // "" for the address of the site
	InReplyTo string // Message-ID of the mail that it answers; "" for none
	ByHand    bool   // a person has written it; all others say that they are automatic (RFC 3834)
}

// MailSent says which record a mail is.
type MailSent struct {
	ID    string // of the record of the entity mail
	State string // queued; for a key that was there before, what became of its mail
}

// SendMail implements Host.
func (c caller) SendMail(ctx context.Context, m Mail) (MailSent, error) {
	values, err := pluginpb.Encode(m.Values)
	if err != nil {
		return MailSent{}, fmt.Errorf("send the mail %s: %w", m.Key, err)
	}
	answer, err := c.host.SendMail(ctx, &pluginpb.SendMailRequest{
		Context: c.context, Key: m.Key, To: m.To, Cc: m.Cc, Bcc: m.Bcc, Template: m.Template, Language: m.Language, Values: values,
		Subject: m.Subject, Text: m.Text, Html: m.HTML, Party: m.Party, ReplyTo: m.ReplyTo, InReplyTo: m.InReplyTo, ByHand: m.ByHand,
	})
	if err != nil {
		return MailSent{}, fmt.Errorf("send the mail %s at the host: %w", m.Key, err)
	}
	return MailSent{ID: answer.GetId(), State: answer.GetState()}, errorFromWire(answer.GetError())
}

func mailFiles(t *typer, p Plugin) []*pluginpb.MailFile {
	if p.Mails == nil {
		return nil
	}
	var files []*pluginpb.MailFile
	err := fs.WalkDir(p.Mails, ".", func(name string, entry fs.DirEntry, err error) error {
		if ext := path.Ext(name); err != nil || entry.IsDir() || ext != ".txt" && ext != ".html" {
			return err
		}
		content, err := fs.ReadFile(p.Mails, name)
		files = append(files, &pluginpb.MailFile{Path: name, Data: content})
		return err
	})
	if err != nil {
		t.mistake("Mails cannot be read: %w", err)
	} else if len(files) == 0 {
		t.mistake("Mails holds no *.txt file")
	}
	return files
}
