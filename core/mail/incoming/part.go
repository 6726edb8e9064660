package incoming

import (
	"io"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/mail"
)

// part reads a part of a mail, and returns the text in it; plain says that it was written as
// a text, and not as a page.
func (r *reader) part(e *message.Entity, depth int) (text string, plain bool) {
	kind, params, _ := e.Header.ContentType()
	if parts := e.MultipartReader(); parts != nil {
		return r.several(parts, kind, depth)
	}
	disposition, _, _ := e.Header.ContentDisposition()
	name := fileName(e)
	switch {
	case r.mail.Kind == Report && r.reported(kind, e):
		return "", false
	case disposition == "attachment", kind != "text/plain" && kind != "text/html":
		size, err := io.Copy(io.Discard, e.Body)
		r.torn(err)
		r.mail.Attachments = append(r.mail.Attachments, Attachment{Name: name, ContentType: cut(clean(kind), maxName), Size: size})
		return "", false
	}
	content, err := io.ReadAll(io.LimitReader(e.Body, 4*maxText+1)) // a page has more than its text
	r.torn(err)
	if len(content) > 4*maxText {
		r.problem("a text of it is longer than %d KiB, and was read so far", 4*maxText>>10)
	}
	if kind == "text/html" {
		return textOf(valid(content)), false
	}
	text = strings.ReplaceAll(valid(content), "\r\n", "\n")
	if strings.EqualFold(params["format"], "flowed") {
		text = flowing(text, strings.EqualFold(params["delsp"], "yes"))
	}
	return text, true
}

// several reads parts: all of them, or of alternatives that in plain text.
func (r *reader) several(parts message.MultipartReader, kind string, depth int) (text string, plain bool) {
	if depth == maxDepth {
		r.problem("it has parts within parts, more than %d deep", maxDepth)
		return "", false
	}
	var texts []string
	for {
		e, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // another one in which it is wrapped tells of a part that has no end
			break
		}
		if e == nil {
			r.torn(err)
			break
		}
		r.odd(err)
		if r.parts++; r.parts > maxParts {
			r.problem("it has more than %d parts", maxParts)
			break
		}
		said, isPlain := r.part(e, depth+1)
		switch said = strings.TrimSpace(said); {
		case said == "":
		case kind != "multipart/alternative":
			texts, plain = append(texts, said), plain || isPlain
		case texts == nil || isPlain && !plain:
			texts, plain = []string{said}, isPlain
		}
	}
	return strings.Join(texts, "\n\n"), plain
}

// torn notes that a part ends early.
func (r *reader) torn(err error) {
	if err != nil {
		r.problem("a part of it cannot be read to its end: %v", err)
	}
}

// encoded is a file name in the form of RFC 2231 whose encoding mime does not know.
var encoded = regexp.MustCompile(`(?i)\bfilename\*=([^';\s]+)'[^';\s]*'([^;\s]+)`)

// fileName is how the file of a part is called, without folders; "" for no file.
func fileName(e *message.Entity) string {
	name, _ := (&mail.AttachmentHeader{Header: e.Header}).Filename()
	if found := encoded.FindStringSubmatch(e.Header.Get("Content-Disposition")); name == "" && found != nil {
		bytes, err := url.PathUnescape(found[2])
		if decoder, known := charset.Reader(found[1], strings.NewReader(bytes)); err == nil && known == nil {
			text, _ := io.ReadAll(decoder)
			name = string(text)
		}
	}
	if name = cut(clean(decode(name)), maxFile); name == "" {
		return ""
	}
	return path.Base(strings.ReplaceAll(name, `\`, "/"))
}

// flowing joins the lines that were broken for the way (RFC 3676).
func flowing(text string, joined bool) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSuffix(line, "\n"), " ") // which was stuffed
		switch goesOn := strings.HasSuffix(line, " ") && line != "-- " && !strings.HasPrefix(line, ">"); {
		case goesOn && joined:
			out.WriteString(strings.TrimSuffix(line, " "))
		case goesOn:
			out.WriteString(line)
		default:
			out.WriteString(line + "\n")
		}
	}
	return out.String()
}
