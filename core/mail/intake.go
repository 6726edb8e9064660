package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mail/incoming"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// maxTries is how often a mail is tried that the server fails at for a reason of its own,
// before those after it have their turn.
const maxTries = 10

// intake is the mails as they are to be read and written at a moment.
type intake struct {
	*Receiver
	session         *record.Session
	mails, received *schema.Entity
}

// takeIn makes a record of a mail, unless there is one or was one. What it is about is
// written first: the record says that all is done.
func (r *Receiver) takeIn(ctx context.Context, on record.Basis, f Found) error {
	in := &intake{Receiver: r, session: r.Records.As(Postmaster, on).Unbound(), mails: on.Model.Entity(entity), received: on.Model.Entity(received)}
	m := in.read(f)
	return in.settled(ctx, m, f, in.keep(ctx, m, f))
}

func (in *intake) keep(ctx context.Context, m incoming.Mail, f Found) error {
	if there, err := in.there(ctx, m.Key); there || err != nil {
		return err
	}
	ours, err := in.ours(ctx, m)
	if err != nil {
		return err
	}
	if ours[m.MessageID] != "" {
		m.Kind, m.Sign = kindOwn, "Message-Id: "+m.MessageID
	}
	about := subject(m, ours)
	if id := ours[reported(m)]; id != "" {
		if err := in.believe(ctx, id, m.Delivery.Fates); err != nil {
			return err
		}
	}
	return in.session.Save(ctx, in.received, []record.Draft{{Action: core.Created, Set: in.values(m, f, about)}}, false)[0].Err
}

// read says what a mail says.
func (in *intake) read(f Found) incoming.Mail {
	switch {
	case f.Problem != "":
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", in.Mailbox.Name(), f.UID, f.At.UTC()))
		return incoming.Mail{Kind: incoming.Unreadable, Key: hex.EncodeToString(sum[:]), Size: f.Size, Problems: []string{f.Problem}}
	case f.Size > int64(len(f.Raw)):
		return incoming.ReadHeader(f.Raw, f.Size)
	}
	return incoming.Read(f.Raw)
}

// there says whether a mail was taken in before. Who has deleted its record does not get
// another one.
func (in *intake) there(ctx context.Context, key string) (bool, error) {
	f := in.received.Field("key")
	found, err := in.session.Find(ctx, in.received, core.Query{
		Filter: schema.Filter{Path: f.StoragePath(), Op: schema.OpEq, Value: key, Field: f}, First: 1, Deleted: true, Only: []string{},
	})
	return len(found) > 0, err
}

// settled says whether a mail is done with: one that a rule of the site or a plugin refuses
// is, and stays in the mailbox.
func (in *intake) settled(ctx context.Context, m incoming.Mail, f Found, err error) error {
	switch core.CodeOf(err) {
	case "":
		return nil
	case core.Conflict:
		if there, lookErr := in.there(ctx, m.Key); there || lookErr != nil { // another instance was faster
			return lookErr
		}
	case core.Unavailable:
		return err
	case core.Internal:
		if in.key != m.Key {
			in.key, in.tries = m.Key, 0
		}
		if in.tries++; in.tries < maxTries {
			return err
		}
	}
	in.Log.Error("A mail was not taken in. It stays in the mailbox.", "uid", f.UID, "messageId", m.MessageID, "error", err)
	return nil
}

// ours finds the mails of the site that a mail names: their ids by their Message-IDs.
func (in *intake) ours(ctx context.Context, m incoming.Mail) (map[string]string, error) {
	var named []any
	for _, id := range append([]string{m.MessageID, m.InReplyTo, reported(m)}, m.References...) {
		if id != "" {
			named = append(named, id)
		}
	}
	if len(named) == 0 {
		return nil, nil
	}
	f := in.mails.Field("messageId")
	found, err := in.session.Find(ctx, in.mails, core.Query{
		Filter: schema.Filter{Path: f.StoragePath(), Op: schema.OpIn, Value: named, Field: f}, First: len(named), Only: []string{f.StoragePath()},
	})
	ours := map[string]string{}
	for _, r := range found {
		id, _ := r.Values["messageId"].(string)
		ours[id] = r.ID
	}
	return ours, err
}

// subject is the id of our mail that a mail is about: that it reports about, that it is, or
// that it answers; "" for none.
func subject(m incoming.Mail, ours map[string]string) string {
	for _, id := range append([]string{reported(m), m.MessageID, m.InReplyTo}, backwards(m.References)...) {
		if ours[id] != "" {
			return ours[id]
		}
	}
	return ""
}

// reported is the Message-ID of the mail that a report is about; "" for none.
func reported(m incoming.Mail) string {
	if m.Delivery == nil {
		return ""
	}
	return m.Delivery.MessageID
}

func backwards(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// values are those of the record of a mail.
func (in *intake) values(m incoming.Mail, f Found, about string) map[string]any {
	at := f.At
	if at.IsZero() {
		at = in.Records.Now()
	}
	set := map[string]any{"key": m.Key, "kind": string(m.Kind), "size": m.Size, "receivedAt": at.UTC().Format(time.RFC3339Nano)}
	from, replyTo := in.address(m.From.Address), in.address(m.ReplyTo)
	if m.From.Address == "" && m.Kind != incoming.Unreadable {
		m.Problems = append(m.Problems, "it does not say whom it is from")
	} else if from == "" && m.From.Address != "" {
		m.Problems = append(m.Problems, fmt.Sprintf("%.100q, whom it is from, is no mail address", m.From.Address))
	}
	if replyTo == from {
		replyTo = ""
	}
	for field, value := range map[string]string{
		"sign": m.Sign, "from": from, "fromName": m.From.Name, "replyTo": replyTo, "subject": m.Subject, "text": m.Text,
		"messageId": m.MessageID, "inReplyTo": m.InReplyTo, "mail": about, "problem": strings.Join(m.Problems, "\n"),
	} {
		if value != "" {
			set[field] = value
		}
	}
	var recipients, references, attachments []any
	for _, r := range m.Recipients {
		if address := in.address(r.Address.Address); address != "" {
			recipients = append(recipients, present(map[string]any{"address": address, "name": r.Name, "kind": r.Kind}))
		}
	}
	for _, id := range m.References {
		references = append(references, id)
	}
	for _, a := range m.Attachments {
		attachments = append(attachments, present(map[string]any{"name": a.Name, "contentType": a.ContentType, "size": a.Size}))
	}
	for field, list := range map[string][]any{"recipients": recipients, "references": references, "attachments": attachments} {
		if len(list) > 0 {
			set[field] = list
		}
	}
	return set
}

// address is an address as records have it; "" for none.
func (in *intake) address(s string) string {
	f := in.received.Field("from")
	value, err := f.Kind().Parse(f, s, schema.Scope{})
	if err != nil {
		return ""
	}
	return value.(string)
}

// present leaves out what is empty.
func present(values map[string]any) map[string]any {
	for name, value := range values {
		if value == "" {
			delete(values, name)
		}
	}
	return values
}
