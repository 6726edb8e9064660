package upload

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName is how many bytes a name has at most: what file systems take.
const maxName = 255

// Name makes of what somebody calls a file a name that is safe to save it under: no
// folders, in NFC, without what nobody sees and what turns the direction of writing, so
// that exe.pdf does not end with fdp.exe. It is "" where nothing is left.
func Name(said string) string {
	said = norm.NFC.String(strings.ToValidUTF8(said, "�"))
	said = said[strings.LastIndexAny(said, `/\`)+1:]
	said = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp), strings.ContainsRune(`<>:"|?*`, r):
			return -1
		}
		return r
	}, said)
	said = strings.TrimRight(strings.TrimLeft(said, " ."), " .")
	return shortened(said)
}

// shortened cuts a name before its extension.
func shortened(name string) string {
	if len(name) <= maxName {
		return name
	}
	extension := path.Ext(name)
	if len(extension) > maxName/4 {
		extension = ""
	}
	cut := maxName - len(extension)
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return strings.TrimRight(name[:cut], " .") + extension
}
