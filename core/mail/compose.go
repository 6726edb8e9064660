package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	message "github.com/emersion/go-message/mail"
	"golang.org/x/net/idna"
)

// letter is a mail as it is stored.
type letter struct {
	id         string
	version    int64
	recipients []recipient
	subject    string
	text, html string
	language   string
	replyTo    string
	inReplyTo  string
	automatic  bool
	attempts   int64
}

type recipient struct {
	address, name string
	kind          string
	state         string
	reply         string
}

// messageID is that of a mail, the same at every attempt: so whoever gets two copies
// can tell.
func (s Server) messageID(id string) string { return id + "@" + s.domain() }

// compose writes a mail as it goes over the wire (RFC 5322), without the blind copies.
func (s Server) compose(l letter, now time.Time) ([]byte, error) {
	var h message.Header
	h.SetAddressList("From", []*message.Address{{Name: s.From.Name, Address: s.sender()}})
	for kind, field := range map[string]string{"to": "To", "cc": "Cc"} {
		if list := l.addresses(kind); len(list) > 0 {
			h.SetAddressList(field, list)
		}
	}
	if !h.Has("To") && !h.Has("Cc") {
		h.Set("To", "undisclosed-recipients:;")
	}
	if l.replyTo != "" {
		h.SetAddressList("Reply-To", []*message.Address{{Address: wireAddress(l.replyTo)}})
	}
	h.SetSubject(l.subject)
	h.SetDate(now)
	h.SetMessageID(s.messageID(l.id))
	if parts := strings.Fields(l.inReplyTo); len(parts) == 1 { // else it is no Message-ID
		answered := []string{strings.Trim(parts[0], "<>")}
		h.SetMsgIDList("In-Reply-To", answered)
		h.SetMsgIDList("References", answered)
	}
	if l.automatic {
		h.Set("Auto-Submitted", l.submitted())
	}
	if l.language != "" {
		h.Set("Content-Language", l.language)
	}
	var out bytes.Buffer
	if err := l.write(&out, h); err != nil {
		return nil, fmt.Errorf("write the mail %s: %w", l.id, err)
	}
	return out.Bytes(), nil
}

// submitted is how the mail came about (RFC 3834, 5).
func (l letter) submitted() string {
	if l.inReplyTo != "" {
		return "auto-replied"
	}
	return "auto-generated"
}

func (l letter) addresses(kind string) (list []*message.Address) {
	for _, r := range l.recipients {
		if r.kind == kind {
			list = append(list, &message.Address{Name: r.name, Address: wireAddress(r.address)})
		}
	}
	return list
}

func (l letter) write(out io.Writer, h message.Header) error {
	if l.html == "" {
		h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
		body, err := message.CreateSingleInlineWriter(out, h)
		return filled(body, err, l.text)
	}
	w, err := message.CreateInlineWriter(out, h)
	if err != nil {
		return err
	}
	for _, form := range []struct{ kind, content string }{{"text/plain", l.text}, {"text/html", l.html}} { // the best comes last (RFC 2046, 5.1.4)
		var part message.InlineHeader
		part.SetContentType(form.kind, map[string]string{"charset": "utf-8"})
		body, err := w.CreatePart(part)
		if err := filled(body, err, form.content); err != nil {
			return err
		}
	}
	return w.Close()
}

// filled writes the content of a part that could be opened, and ends it.
func filled(part io.WriteCloser, err error, content string) error {
	if err != nil {
		return err
	}
	_, err = io.WriteString(part, strings.ReplaceAll(content, "\n", "\r\n")+"\r\n")
	return errors.Join(err, part.Close())
}

// wireAddress is an address as mail servers know it: the domain in Punycode.
func wireAddress(address string) string {
	at := strings.LastIndex(address, "@")
	if domain, err := idna.Lookup.ToASCII(address[at+1:]); err == nil {
		return address[:at+1] + domain
	}
	return address
}
