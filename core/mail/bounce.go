package mail

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/cenkalti/backoff/v5"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mail/incoming"
	"github.com/openxrm/xrm/core/record"
)

// believe keeps what a report says about a mail of ours. Anybody can write a report: it
// counts for those alone whom the mail went to, and only who got the mail or passed it on
// knows its Message-ID.
func (in *intake) believe(ctx context.Context, id string, fates []incoming.Fate) error {
	l, err := backoff.Retry(ctx, func() (letter, error) { return in.learn(ctx, id, fates) }, backoff.WithMaxElapsedTime(insist))
	if err := in.refused("What has become of a mail was not noted.", err); err != nil {
		return err
	}
	for _, f := range fates {
		for _, r := range l.recipients {
			// All recipients of a mail know its Message-ID, and one could report another.
			if r.state == bounced && len(l.recipients) == 1 && r.concerns(f) && nobody(f) {
				if err := in.suppress(ctx, r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// errHandedOver is that the sender is about to write what it knows of the mail. It is tried
// again for as long as that lasts: a sender that was killed is taken up by the next one.
var errHandedOver error = &core.Error{Code: core.Unavailable, Message: "The mail is being handed over. What a report says about it is noted afterwards."}

// learn notes in a mail what a report says about it, and returns the mail.
func (in *intake) learn(ctx context.Context, id string, fates []incoming.Fate) (letter, error) {
	found, err := in.session.Load(ctx, in.mails, []string{id}, nil)
	if err != nil || found[id] == nil {
		return letter{}, permanently(err)
	}
	if found[id].Values["state"] == sending {
		return letter{}, errHandedOver
	}
	l := read(found[id])
	if !l.learn(fates) {
		return l, nil
	}
	result := in.session.Save(ctx, in.mails, []record.Draft{{Action: core.Updated, ID: id, IfVersion: l.version, Set: map[string]any{"recipients": l.stored()}}}, false)[0]
	if core.CodeOf(result.Err) == core.Conflict {
		return l, result.Err // and so it is read again
	}
	return l, permanently(result.Err)
}

// permanently ends the attempts with an error; nil is none.
func permanently(err error) error {
	if err == nil {
		return nil
	}
	return backoff.Permanent(err)
}

// learn says whether a report has told something new.
func (l letter) learn(fates []incoming.Fate) (news bool) {
	for _, f := range fates {
		for i, r := range l.recipients {
			if !r.concerns(f) || r.state != accepted && r.state != unknown {
				continue
			}
			if f.Action == "failed" {
				l.recipients[i].state = bounced
			} else if f.Action != "delayed" {
				continue
			}
			l.recipients[i].reply = strings.TrimSpace(f.Action + " " + f.Status + " " + f.Diagnostic)
			news = news || l.recipients[i] != r
		}
	}
	return news
}

// concerns says whether a report means this recipient.
func (r recipient) concerns(f incoming.Fate) bool {
	return r.address != "" && slices.ContainsFunc(f.Addresses, func(a string) bool { return strings.EqualFold(wireAddress(a), wireAddress(r.address)) })
}

// gone are the states of an address that nobody reads any more (RFC 3463): a mailbox or a
// host that is not there, or that has moved or was closed. A full mailbox, a mail that is
// too large, and a refusal of its content say nothing of that kind.
var gone = regexp.MustCompile(`^5\.(1\.(1|2|3|6|10)|2\.1)$`)

// nobody says whether nobody reads what is sent to an address.
func nobody(f incoming.Fate) bool { return f.Action == "failed" && gone.MatchString(f.Status) }

// suppress sees to it that nothing more is sent to an address.
func (in *intake) suppress(ctx context.Context, r recipient) error {
	e := in.session.Model.Entity(suppression)
	result := in.session.Save(ctx, e, []record.Draft{{Action: core.Created, Set: map[string]any{"address": r.address, "reason": bounced, "detail": r.reply}}}, false)[0]
	if core.CodeOf(result.Err) == core.Conflict { // it is suppressed already
		return nil
	}
	return in.refused("An address that does not exist was not suppressed.", result.Err)
}

// refused tells what a rule of the site or a plugin has refused. It returns errors for
// which it is tried again.
func (in *intake) refused(what string, err error) error {
	switch core.CodeOf(err) {
	case "":
		return nil
	case core.Unavailable, core.Internal:
		return err
	}
	in.Log.Error(what, "error", err)
	return nil
}
