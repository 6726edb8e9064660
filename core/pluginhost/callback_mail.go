package pluginhost

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/mailing"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// SendMail queues a mail, whoever has caused the call: it is the plugin's, which was granted
// to send mails.
func (c *callbacks) SendMail(ctx context.Context, r *pluginpb.SendMailRequest) (*pluginpb.SendMailResponse, error) {
	answer := &pluginpb.SendMailResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		if !c.host.needs(c.plugin).Mail {
			return contract.Unmailed(c.plugin)
		}
		if err := c.mayWrite(one, "send the mail "+r.GetKey()); err != nil {
			return err
		}
		var templates []mailing.File
		if e := c.host.board.find(c.plugin); e.contribution != nil {
			templates = e.contribution.Mails
		}
		text, err := contract.MailText(templates, r)
		if err != nil {
			return err
		}
		mail, err := c.host.config.Post(ctx, one.on, core.Mail{
			Plugin: c.plugin, Key: r.GetKey(), To: r.GetTo(), Cc: r.GetCc(), Bcc: r.GetBcc(), Party: r.GetParty(),
			Subject: text.Subject, Text: text.Body, HTML: text.HTML, Language: text.Language, Template: r.GetTemplate(),
			ReplyTo: r.GetReplyTo(), InReplyTo: r.GetInReplyTo(), ByHand: r.GetByHand(),
		})
		if err != nil {
			return err
		}
		answer.Id = mail.ID
		answer.State, _ = mail.Values["state"].(string)
		return nil
	})
	return answer, nil
}
