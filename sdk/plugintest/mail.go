package plugintest

import (
	"context"
	"slices"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/mailing"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Mail is a mail that the plugin has sent, in its words. A mail of a template has those of
// the language that is nearest to the one asked for, which Language says.
type Mail = sdk.Mail

// Mails returns what the plugin has sent, in order: of each key the first. Each is a record
// of the entity mail too, of which a test may say what became of it.
func (h *Host) Mails() []Mail {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.mails)
}

func (c *callbacks) SendMail(ctx context.Context, r *pluginpb.SendMailRequest) (*pluginpb.SendMailResponse, error) {
	id, err := c.mail(ctx, r)
	if err != nil {
		return &pluginpb.SendMailResponse{Error: toWire(err)}, nil
	}
	return &pluginpb.SendMailResponse{Id: id, State: "queued"}, nil
}

func (c *callbacks) mail(ctx context.Context, r *pluginpb.SendMailRequest) (id string, err error) {
	if !c.mayMail {
		return "", contract.Unmailed(c.description.GetName())
	}
	who, err := c.writer(r.GetContext(), "send the mail "+r.GetKey())
	if err != nil {
		return "", err
	}
	templates, err := contract.Mails(c.description)
	if err != nil {
		return "", err
	}
	text, err := contract.MailText(templates, r)
	if err != nil {
		return "", err
	}
	to, err := mailing.Recipients(r.GetTo(), r.GetCc(), r.GetBcc())
	if err != nil {
		return "", err
	}
	values, err := pluginpb.Decode(r.GetValues())
	if err != nil {
		return "", err
	}
	c.posting.Lock()
	defer c.posting.Unlock()
	if before := slices.IndexFunc(c.Mails(), func(m Mail) bool { return m.Key == r.GetKey() }); before >= 0 {
		return c.posted[before], nil
	}
	m := Mail{
		Key: r.GetKey(), To: r.GetTo(), Cc: r.GetCc(), Bcc: r.GetBcc(), Template: r.GetTemplate(), Language: text.Language, Values: values,
		Subject: text.Subject, Text: text.Body, HTML: text.HTML, Party: r.GetParty(), ReplyTo: r.GetReplyTo(), InReplyTo: r.GetInReplyTo(), ByHand: r.GetByHand(),
	}
	e := c.entity("mail")
	record, err := c.write(ctx, who, write{entity: e, Wish: contract.Wish{Set: contract.Stored(e, recordOf(m, c.description.GetName(), to))}, unruled: true})
	if err != nil {
		return "", err
	}
	c.happened(who, nil, record)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mails, c.posted = append(c.mails, m), append(c.posted, record.id)
	return record.id, nil
}

// recordOf are the values of the record of a mail.
func recordOf(m Mail, plugin string, to []mailing.Recipient) map[string]any {
	values := map[string]any{
		"key": plugin + "/" + m.Key, "plugin": plugin, "recipients": mailing.Stored(to), "subject": m.Subject, "text": m.Text, "automatic": !m.ByHand,
	}
	for field, value := range map[string]string{
		"html": m.HTML, "language": m.Language, "template": m.Template, "replyTo": m.ReplyTo, "inReplyTo": m.InReplyTo, "party": m.Party,
	} {
		if value != "" {
			values[field] = value
		}
	}
	return values
}
