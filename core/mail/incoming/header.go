package incoming

import (
	"bytes"
	"net/textproto"
	"strings"
)

// header is that of a mail or of a part of a report.
type header struct {
	fields  []field
	clean   []byte // what it has of fields, with the empty line at its end
	dropped int    // lines that are none
	cut     bool   // there is more than is read
}

type field struct{ name, value string }

// split takes a header, and the empty line at its end, from what comes after it. Lines that
// are no fields are left out: one program's slip must not hide the rest.
func split(raw []byte) (h header, body []byte) {
	var values []string // of the field that goes on in the next line; nil for none
	end := func() {
		if values != nil {
			h.fields[len(h.fields)-1].value = strings.TrimSpace(strings.Join(values, " "))
		}
		values = nil
	}
	for first := true; len(raw) > 0; first = false {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		raw = rest
		if len(line) == 0 {
			break
		}
		switch found, value, isField := bytes.Cut(line, []byte(":")); {
		case len(h.clean)+len(line) > MaxHeader:
			h.cut = true
			end()
		case line[0] == ' ' || line[0] == '\t':
			if values == nil {
				h.dropped++
				continue
			}
			values = append(values, strings.TrimSpace(valid(line)))
			h.clean = append(append(h.clean, valid(line)...), "\r\n"...)
		case first && bytes.HasPrefix(line, []byte("From ")): // of a mailbox in one file
		case !isField || !isName(bytes.TrimRight(found, " \t")):
			h.dropped++
			end()
		default:
			end()
			name := textproto.CanonicalMIMEHeaderKey(string(bytes.TrimRight(found, " \t")))
			h.fields, values = append(h.fields, field{name: name}), []string{strings.TrimSpace(valid(value))}
			h.clean = append(append(h.clean, name+": "+valid(value)...), "\r\n"...)
		}
	}
	end()
	h.clean = append(h.clean, "\r\n"...)
	return h, raw
}

// isName says whether something can be the name of a field (RFC 5322, 2.2).
func isName(s []byte) bool {
	for _, c := range s {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(s) > 0
}

// get is the first field of a name; "" for none.
func (h header) get(name string) string {
	for _, f := range h.fields {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

func (h header) has(name string) bool { return len(h.all(name)) > 0 }

func (h header) all(name string) (values []string) {
	for _, f := range h.fields {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

// header reads what the header says.
func (r *reader) header(h header) {
	m := r.mail
	m.Subject = cut(clean(decode(h.get("Subject"))), maxSubject)
	if from := addresses(h.get("From")); len(from) > 0 {
		m.From = from[0]
	} else if sender := addresses(h.get("Sender")); len(sender) > 0 {
		m.From = sender[0]
	}
	if to := addresses(h.get("Reply-To")); len(to) > 0 {
		m.ReplyTo = to[0].Address
	}
	for _, f := range h.fields {
		if f.name != "To" && f.name != "Cc" {
			continue
		}
		for _, a := range addresses(f.value) {
			m.Recipients = append(m.Recipients, Recipient{Address: a, Kind: strings.ToLower(f.name)})
		}
	}
	if n := len(m.Recipients); n > maxRecipients {
		r.problem("it goes to %d addresses, of which %d are kept", n, maxRecipients)
		m.Recipients = m.Recipients[:maxRecipients]
	}
	m.MessageID = first(messageIDs(h.get("Message-Id")))
	m.InReplyTo = first(messageIDs(h.get("In-Reply-To")))
	m.References = messageIDs(strings.Join(h.all("References"), " "))
	if n := len(m.References); n > maxReferences { // the first one says what it is about, the last what it answers
		m.References = append(m.References[:1:1], m.References[n-maxReferences+1:]...)
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
