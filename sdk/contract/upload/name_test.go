package upload_test

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk/contract/upload"
)

func TestNamesAreSafeToSaveAFileUnder(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"Vertrag 2026.pdf":                "Vertrag 2026.pdf",
		"../../etc/passwd":                "passwd",
		`C:\Users\maria\a.docx`:           "a.docx",
		"a\x00b\r\n.txt":                  "ab  .txt",
		"Gro\u0308ße.txt":                 "Größe.txt",
		"evil\u202efdp.exe":               "evilfdp.exe",
		".htaccess":                       "htaccess",
		"..":                              "",
		"/":                               "",
		"a.txt. . ":                       "a.txt",
		"a\xffb.txt":                      "a�b.txt",
		`q"uo<te>.txt`:                    "quote.txt",
		strings.Repeat("ü", 200) + ".pdf": strings.Repeat("ü", 125) + ".pdf",
	} {
		if got := upload.Name(said); got != want {
			t.Errorf("Name(%q) = %q; want %q", said, got, want)
		}
		if got := upload.Name(upload.Name(said)); got != want {
			t.Errorf("Name is not the same the second time: %q; want %q", got, want)
		}
	}
}
