package mailing_test

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk/contract/mailing"
)

func file(path, data string) mailing.File { return mailing.File{Path: path, Data: []byte(data)} }

var receipt = []mailing.File{
	file("mails/receipt.de.html", "<p>Guten Tag {{.name}},</p>"),
	file("mails/receipt.de.txt", "Subject: Ihre Reklamation {{.number}}\n\nGuten Tag {{.name}},\nwir haben sie.\n"),
	file("mails/receipt.en.txt", "Subject: Your complaint {{.number}}\r\n\r\nDear {{.name}},\r\nwe have it.\r\n"),
}

func read(t *testing.T, files ...mailing.File) mailing.Templates {
	t.Helper()
	all, problems := mailing.Read(files)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAMailIsInTheLanguageThatIsNearest(t *testing.T) {
	t.Parallel()
	template := read(t, receipt...)["receipt"]
	for asked, want := range map[string]string{"de": "de", "de-AT": "de", "en-GB": "en", "fr": "en", "": "en"} {
		got, err := template.Render(asked, map[string]any{"name": "Ada", "number": "C-1"})
		if err != nil || got.Language != want {
			t.Errorf("asked for %q: %q, %v; want %q", asked, got.Language, err, want)
		}
	}
}

func TestAMailHasWhatTheTemplateAndTheValuesSay(t *testing.T) {
	t.Parallel()
	got, err := read(t, receipt...)["receipt"].Render("de", map[string]any{"name": "Ada & <b>Co</b>", "number": "C-1\nBcc: eve@example.org"})
	want := mailing.Text{
		Language: "de", Subject: "Ihre Reklamation C-1 Bcc: eve@example.org",
		Body: "Guten Tag Ada & <b>Co</b>,\nwir haben sie.", HTML: "<p>Guten Tag Ada &amp; &lt;b&gt;Co&lt;/b&gt;,</p>",
	}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestAValueThatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	_, err := read(t, receipt...)["receipt"].Render("de", map[string]any{"number": "C-1"})
	if want := `the mail in the language de cannot be made: executing "text" at <.name>: map has no entry for key "name"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAMailThatIsTooLongIsNotMade(t *testing.T) {
	t.Parallel()
	all := read(t, file("long.en.txt", "Subject: s\n\n{{range .list}}{{$.long}}{{end}}"))
	_, err := all["long"].Render("en", map[string]any{"list": make([]any, 1000), "long": strings.Repeat("x", 1000)})
	if err == nil || !strings.Contains(err.Error(), "it would be longer than 512 KiB") {
		t.Errorf("got %v", err)
	}
}

func TestEveryMistakeInTemplatesIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	read, problems := mailing.Read([]mailing.File{
		file("mails/Receipt.txt", "Subject: s\n\nt"),
		file("mails/a.klingonisch-x.txt", "Subject: s\n\nt"),
		file("mails/b.de.html", "<p>"),
		file("mails/c.de.txt", "Guten Tag"),
		file("mails/d.de.txt", "Subject: s\n\nGuten Tag\n{{.name"),
		file("mails/e.de.txt", "Subject: {{when}}\n\nGuten Tag"),
	})
	want := []string{
		"mails/Receipt.txt: a mail is called NAME.LANGUAGE.txt or NAME.LANGUAGE.html, such as receipt.de.txt",
		`mails/a.klingonisch-x.txt: "klingonisch-x" is no language such as de or en-GB`,
		`mails/c.de.txt: a text begins with a line "Subject: ..." and an empty one, and goes on with what the mail says`,
		"mails/d.de.txt:4: unclosed action",
		`mails/e.de.txt:1: function "when" not defined`,
		"mails/b.de.html: there is no text of this mail in the language de; not everybody reads HTML",
	}
	if len(read) > 0 {
		t.Errorf("it makes mails of %v", read)
	}
	if len(problems) != len(want) {
		t.Fatalf("got %d mistakes: %v", len(problems), problems)
	}
	for i, p := range problems {
		if p.Error() != want[i] {
			t.Errorf("got  %s\nwant %s", p.Error(), want[i])
		}
	}
}
