package incoming

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // so that it reads texts in all of them
)

// The bounds of what is read of a mail. What is beyond them is told as a problem.
const (
	MaxSize   = 32 << 20  // of a mail, in bytes
	MaxHeader = 256 << 10 // of its header

	maxText       = 512 << 10 // of what it says
	maxDepth      = 20        // of parts within parts
	maxParts      = 500
	maxRecipients = 200
	maxReferences = 100
	maxID         = 900 // of a Message-ID
	maxName       = 200
	maxSubject    = 1000
	maxFile       = 300 // of the name of a file
	maxProblems   = 10
)

// Kind says who has written a mail.
type Kind string

// The kinds. Whether a mail is one of our own, only its Message-ID tells.
const (
	Message    Kind = "message"   // a person, for all that it says
	Report     Kind = "report"    // a mail server, about a mail
	Automatic  Kind = "automatic" // a machine
	Unreadable Kind = "unreadable"
)

// Mail is what a mail says. All texts are in UTF-8 without control characters.
type Mail struct {
	Key  string // of a mail that is found twice the same
	Kind Kind
	Sign string // what told the kind; "" for a message

	From       Address
	ReplyTo    string // "" for none
	Recipients []Recipient
	Subject    string
	Text       string // "" for none

	MessageID  string // without < and >, as all of them
	InReplyTo  string
	References []string // the first one first

	Attachments []Attachment
	Delivery    *Delivery // of a report that says what became of a mail; else nil
	Problems    []string  // what could not be read
	Size        int64     // in bytes
}

// Address is somebody. That it is an address, nobody has checked.
type Address struct{ Address, Name string }

// Recipient is whom a mail goes to.
type Recipient struct {
	Address
	Kind string // to or cc
}

// Attachment is what comes with a mail.
type Attachment struct {
	Name        string // "" for none
	ContentType string
	Size        int64 // in bytes
}

// Read says what a mail says.
func Read(raw []byte) Mail { return read(raw, int64(len(raw)), false) }

// ReadHeader says what the header of a mail says whose rest is too large; size is that of
// all of it.
func ReadHeader(raw []byte, size int64) Mail { return read(raw, size, true) }

func read(raw []byte, size int64, headerAlone bool) (m Mail) {
	head, body := split(raw)
	m.Size = size
	m.Key = key(head, body, size, headerAlone)
	r := &reader{mail: &m}
	defer func() {
		if p := recover(); p != nil { // what a stranger writes must not end the process
			r.problem("reading it failed: %v", p)
			m.Kind = Unreadable
		}
		m.Problems = slices.Compact(m.Problems)
	}()
	if head.dropped > 0 {
		r.problem("lines of its header are no fields: %d", head.dropped)
	}
	if head.cut {
		r.problem("its header is longer than %d KiB", MaxHeader>>10)
	}
	if len(head.fields) == 0 {
		m.Kind = Unreadable
		r.problem("it has no header")
		return m
	}
	e, err := message.ReadWithOptions(io.MultiReader(bytes.NewReader(head.clean), bytes.NewReader(body)), &message.ReadOptions{MaxHeaderBytes: -1})
	if e == nil {
		m.Kind = Unreadable
		r.problem("its header cannot be read: %v", err)
		return m
	}
	m.Kind, m.Sign = kindOf(head)
	r.header(head)
	if headerAlone {
		r.problem("it has more than %d MiB, so only its header was read", MaxSize>>20)
		return m
	}
	if parts := e.MultipartReader(); parts != nil && hasLongHeader(body) {
		r.problem("a part of it has a header longer than %d KiB, so only its own header was read", MaxHeader>>10)
		return m
	}
	r.odd(err)
	text, _ := r.part(e, 0)
	m.Text = r.bounded(tidy(text))
	return m
}

// hasLongHeader says whether the header of some part is longer than that of a mail may be:
// the library reads one whatever its length, and takes many times its memory. What follows
// a line that begins as the boundaries of parts do, up to an empty line, may be one.
func hasLongHeader(body []byte) bool {
	length, inHeader := 0, false
	for line := range bytes.Lines(body) {
		switch {
		case bytes.HasPrefix(line, []byte("--")):
			length, inHeader = 0, true
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			inHeader = false
		case inHeader:
			if length += len(line); length > MaxHeader {
				return true
			}
		}
	}
	return false
}

// key is what copies of a mail have alike, wherever they lie and whichever way they came.
func key(head header, body []byte, size int64, headerAlone bool) string {
	sum := sha256.New()
	for _, name := range []string{"Message-Id", "From", "Date", "Subject"} {
		fmt.Fprintf(sum, "%q\n", head.all(name))
	}
	if headerAlone {
		fmt.Fprintf(sum, "%d bytes\n", size)
	} else {
		sum.Write(body)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// reader reads a mail.
type reader struct {
	mail  *Mail
	parts int
}

func (r *reader) problem(format string, args ...any) {
	if len(r.mail.Problems) < maxProblems {
		r.mail.Problems = append(r.mail.Problems, cut(clean(fmt.Sprintf(format, args...)), maxSubject))
	}
}

// odd notes an error after which a part can still be read.
func (r *reader) odd(err error) {
	if err != nil {
		r.problem("%v", err)
	}
}

func (r *reader) bounded(text string) string {
	if len(text) <= maxText {
		return text
	}
	r.problem("its text is longer than %d KiB and ends there", maxText>>10)
	for text = text[:maxText]; !utf8.ValidString(text); {
		text = text[:len(text)-1]
	}
	return text
}
