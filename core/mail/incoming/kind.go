package incoming

import (
	"mime"
	"strings"
)

// kindOf says who has written a mail, by the signs that RFC 3834 and custom give, and which
// sign that was.
func kindOf(h header) (Kind, string) {
	if kind, _, _ := mime.ParseMediaType(h.get("Content-Type")); kind == "multipart/report" {
		return Report, "Content-Type: multipart/report"
	}
	for _, f := range h.fields {
		if automatic(f.name, strings.ToLower(f.value)) {
			return Automatic, cut(clean(f.name+": "+f.value), maxFile)
		}
	}
	return Message, ""
}

// automatic says whether a field is a sign that a machine has written the mail, or sends it
// to many.
func automatic(name, value string) bool {
	word, _, _ := strings.Cut(value, ";")
	word = strings.TrimSpace(word)
	switch name {
	case "Auto-Submitted":
		return word != "" && word != "no"
	case "X-Autoreply", "X-Autorespond", "X-Auto-Reply":
		return word != "no"
	case "Precedence":
		return word == "bulk" || word == "junk" || word == "list" || word == "auto_reply"
	case "List-Id":
		return true
	case "Return-Path":
		return word == "<>"
	case "From":
		from := addresses(value)
		return len(from) > 0 && strings.HasPrefix(from[0].Address, "mailer-daemon@")
	}
	return false
}
