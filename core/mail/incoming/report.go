package incoming

import (
	"io"
	"regexp"
	"strings"

	"github.com/emersion/go-message"
)

// Delivery is what a report says about a mail (RFC 3464). Anybody can write one.
type Delivery struct {
	MessageID string // of the mail; "" where the report does not say
	Fates     []Fate
}

// Fate is what became of a mail for one recipient.
type Fate struct {
	Addresses  []string // that of the end of the way, and that at its beginning where it is told
	Action     string   // failed, delayed, delivered, relayed or expanded
	Status     string   // such as 5.1.1 (RFC 3463)
	Diagnostic string   // the words of the mail server that has decided
}

// reported reads a part of a report that is meant for machines, and says whether it is one.
func (r *reader) reported(kind string, e *message.Entity) bool {
	switch kind {
	case "message/delivery-status", "message/global-delivery-status":
	case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
	default:
		return false
	}
	content, err := io.ReadAll(io.LimitReader(e.Body, MaxHeader))
	r.torn(err)
	if r.mail.Delivery == nil {
		r.mail.Delivery = &Delivery{}
	}
	d := r.mail.Delivery
	if !strings.HasSuffix(kind, "delivery-status") {
		if h, _ := split(content); d.MessageID == "" {
			d.MessageID = first(messageIDs(h.get("Message-Id")))
		}
		return true
	}
	for len(content) > 0 && len(d.Fates) < maxRecipients {
		var h header
		if h, content = split(content); h.has("Action") || h.has("Final-Recipient") { // else it is about all of the mail
			d.Fates = append(d.Fates, fate(h))
		}
	}
	return true
}

var status = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}`)

func fate(h header) Fate {
	f := Fate{
		Action: strings.ToLower(clean(h.get("Action"))), Status: status.FindString(h.get("Status")),
		Diagnostic: cut(clean(typed(h.get("Diagnostic-Code"))), maxSubject),
	}
	for _, name := range []string{"Final-Recipient", "Original-Recipient"} {
		if a := strings.ToLower(strings.Trim(clean(typed(h.get(name))), "<>")); a != "" {
			f.Addresses = append(f.Addresses, a)
		}
	}
	return f
}

// typed is a value without the word before it that says what it is: rfc822; ada@example.org.
func typed(value string) string {
	if _, rest, found := strings.Cut(value, ";"); found {
		return strings.TrimSpace(rest)
	}
	return value
}
