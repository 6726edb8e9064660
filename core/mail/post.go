package mail

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mailing"
)

// Outbox takes what plugins send. Safe for concurrent use.
type Outbox struct {
	Records *record.Service
}

// Post queues a mail, and returns its record as it is now. Of all mails with one key of a
// plugin the first is sent; for the others its record is returned.
func (o Outbox) Post(ctx context.Context, on record.Basis, m core.Mail) (*core.Record, error) {
	e := on.Model.Entity(entity)
	if e == nil || e.Layer != layer {
		return nil, &core.Error{Code: core.Unavailable, Message: "No mail can be sent: the site has no mail server yet. An administrator sets mail.server and mail.from."}
	}
	session := o.Records.As(core.PluginActor(m.Plugin), on).Unbound()
	key := ""
	if m.Key != "" {
		key = m.Plugin + "/" + m.Key
		if r, err := before(ctx, session, e, key); r != nil || err != nil {
			return r, err
		}
	}
	set, err := values(m, key)
	if err != nil {
		return nil, err
	}
	result := session.Save(ctx, e, []record.Draft{{Action: core.Created, Set: set}}, false)[0]
	if key != "" && core.CodeOf(result.Err) == core.Conflict { // another one with the key was faster
		if r, err := before(ctx, session, e, key); r != nil || err != nil {
			return r, err
		}
	}
	return result.Record, result.Err
}

// before is the mail that has the key; nil for none.
func before(ctx context.Context, session *record.Session, e *schema.Entity, key string) (*core.Record, error) {
	f := e.Field("key")
	return session.ByKey(ctx, e, f, f.StoragePath(), key, nil)
}

// values are those of the record of a mail.
func values(m core.Mail, key string) (map[string]any, error) {
	set := map[string]any{"plugin": m.Plugin, "subject": m.Subject, "text": m.Text, "automatic": !m.ByHand}
	for field, value := range map[string]string{
		"key": key, "html": m.HTML, "language": m.Language, "template": m.Template, "replyTo": m.ReplyTo, "inReplyTo": m.InReplyTo, "party": m.Party,
	} {
		if value != "" {
			set[field] = value
		}
	}
	to, err := mailing.Recipients(m.To, m.Cc, m.Bcc)
	if err != nil {
		return nil, core.Refused(err)
	}
	set["recipients"] = mailing.Stored(to)
	return set, nil
}
