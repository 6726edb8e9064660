package plugintest

import (
	"context"
	"fmt"
	"net/mail"
	"slices"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Mail is a mail that the plugin has sent, in its words. A mail of a template has those of
// the language that is nearest to the one asked for, which Language says.
type Mail = sdk.Mail

// Mails returns what the plugin has sent, in order: of each key the first.
func (h *Host) Mails() []Mail {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.mails)
}

func (c *callbacks) SendMail(_ context.Context, r *pluginpb.SendMailRequest) (*pluginpb.SendMailResponse, error) {
	id, err := c.mail(r)
	if err != nil {
		return &pluginpb.SendMailResponse{Error: toWire(err)}, nil
	}
	return &pluginpb.SendMailResponse{Id: id, State: "queued"}, nil
}

func (c *callbacks) mail(r *pluginpb.SendMailRequest) (id string, err error) {
	if !c.mayMail {
		return "", contract.Unmailed(c.description.GetName())
	}
	if _, err := c.writer(r.GetContext(), "send the mail "+r.GetKey()); err != nil {
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
	for _, address := range slices.Concat(r.GetTo(), r.GetCc(), r.GetBcc()) {
		if _, err := mail.ParseAddress(address); err != nil {
			return "", &sdk.Error{Code: sdk.CodeInvalid, Message: fmt.Sprintf("The mail was not sent: %q is no mail address.", address)}
		}
	}
	values, err := pluginpb.Decode(r.GetValues())
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	before := slices.IndexFunc(c.mails, func(m Mail) bool { return m.Key == r.GetKey() })
	if before < 0 {
		before = len(c.mails)
		c.mails = append(c.mails, Mail{
			Key: r.GetKey(), To: r.GetTo(), Cc: r.GetCc(), Bcc: r.GetBcc(), Template: r.GetTemplate(), Language: text.Language, Values: values,
			Subject: text.Subject, Text: text.Body, HTML: text.HTML, Party: r.GetParty(), ReplyTo: r.GetReplyTo(), InReplyTo: r.GetInReplyTo(), ByHand: r.GetByHand(),
		})
	}
	return fmt.Sprintf("mail-%d", before+1), nil
}
