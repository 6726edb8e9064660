package mail

import (
	"context"
	"fmt"
	netmail "net/mail"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
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
	var recipients []any
	var violations schema.Violations
	for _, list := range []struct {
		kind      string
		addresses []string
	}{{"to", m.To}, {"cc", m.Cc}, {"bcc", m.Bcc}} {
		for i, text := range list.addresses {
			a, err := netmail.ParseAddress(text)
			if err != nil {
				violations = append(violations, schema.Violation{
					Field: fmt.Sprintf("%s.%d", list.kind, i), Rule: "type", Message: fmt.Sprintf("%q is no mail address; write ada@example.org, or Ada <ada@example.org>", text),
				})
				continue
			}
			r := map[string]any{"address": a.Address, "kind": list.kind}
			if a.Name != "" {
				r["name"] = a.Name
			}
			recipients = append(recipients, r)
		}
	}
	if len(violations) > 0 {
		return nil, &core.Error{Code: core.Invalid, Message: "The mail was not sent.", Violations: violations}
	}
	set["recipients"] = recipients
	return set, nil
}
