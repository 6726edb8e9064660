package incoming

import (
	"mime"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

var words = &mime.WordDecoder{CharsetReader: charset.Reader}

// decode reads encoded words (RFC 2047), those that lack the space between them too. What
// cannot be read stays as it is.
func decode(s string) string {
	plain, err := words.DecodeHeader(strings.ReplaceAll(s, "?==?", "?= =?"))
	if err != nil {
		return s
	}
	return plain
}

// valid is a text in UTF-8. One without an encoding is most often that of Windows.
func valid(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	decoded, _ := charmap.Windows1252.NewDecoder().Bytes(text) // of which every byte is a character
	return string(decoded)
}

// clean takes out what no text has, and the space around it.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(valid([]byte(s)), "\r\n", "\n"), "\r", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s))
}

// cut keeps the beginning of a text, in characters.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most]))
}

// blank are lines that say nothing, of which one is enough.
var blank = regexp.MustCompile(`\n[ \t]*\n(?:[ \t]*\n)+`)

// tidy is a text as it is read by people.
func tidy(s string) string { return blank.ReplaceAllString(clean(s), "\n\n") }

// loose finds addresses in what is no list of them.
var loose = regexp.MustCompile(`[^\s<>@,;:"()\[\]]+@[^\s<>@,;:"()\[\]]+`)

// addresses reads a list of addresses. Where it is none, what looks like an address counts.
func addresses(s string) (all []Address) {
	if s == "" {
		return nil
	}
	parser := mail.AddressParser{WordDecoder: words}
	list, err := parser.ParseList(strings.ReplaceAll(s, "?==?", "?= =?"))
	if err == nil {
		for _, a := range list {
			all = append(all, address(a.Address, a.Name))
		}
		return all
	}
	found := loose.FindAllString(s, maxRecipients+1)
	for _, a := range found {
		all = append(all, address(a, ""))
	}
	if len(found) == 1 {
		name, _, _ := strings.Cut(s, found[0])
		all[0] = address(found[0], strings.Trim(decode(strings.Trim(name, "< \t")), `" `))
	}
	return all
}

func address(a, name string) Address {
	name = cut(clean(decode(name)), maxName)
	if name == a { // which many programs write twice
		name = ""
	}
	return Address{clean(a), strings.Join(strings.Fields(name), " ")}
}

var messageID = regexp.MustCompile(`<([^<>\s]+)>`)

// messageIDs reads Message-IDs, whatever stands between them. One that is too long to be
// one is left out.
func messageIDs(s string) (all []string) {
	for _, found := range messageID.FindAllStringSubmatch(s, -1) {
		if id := clean(found[1]); id != "" && len(id) <= maxID {
			all = append(all, id)
		}
	}
	if parts := strings.Fields(s); all == nil && len(parts) == 1 && len(parts[0]) <= maxID && strings.Contains(parts[0], "@") {
		all = append(all, clean(strings.Trim(parts[0], "<>")))
	}
	return all
}
