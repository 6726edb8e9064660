package incoming_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openxrm/xrm/core/mail/incoming"
)

var update = flag.Bool("update", false, "write what mails say into testdata/*.txt")

// said is what a mail says, for a person to read.
func said(m incoming.Mail) string {
	var b strings.Builder
	line := func(name string, value any) {
		if text := strings.TrimSpace(fmt.Sprint(value)); text != "" && text != "[]" && text != "{ }" {
			fmt.Fprintf(&b, "%s: %s\n", name, text)
		}
	}
	line("kind", m.Kind)
	line("sign", m.Sign)
	line("from", m.From)
	line("reply to", m.ReplyTo)
	line("recipients", m.Recipients)
	line("subject", m.Subject)
	line("message id", m.MessageID)
	line("in reply to", m.InReplyTo)
	line("references", m.References)
	for _, a := range m.Attachments {
		line("attachment", fmt.Sprintf("%q %s, %d bytes", a.Name, a.ContentType, a.Size))
	}
	if d := m.Delivery; d != nil {
		line("about", d.MessageID)
		for _, f := range d.Fates {
			line("fate", fmt.Sprintf("%s %s %s: %s", f.Addresses, f.Action, f.Status, f.Diagnostic))
		}
	}
	for _, p := range m.Problems {
		line("problem", p)
	}
	return b.String() + "\n" + m.Text + "\n"
}

func TestWhatMailsSay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no mails: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, golden := said(incoming.Read(raw)), strings.TrimSuffix(file, ".eml")+".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil || got != string(want) {
				t.Errorf("%v; it says\n%s\nwant\n%s", err, got, want)
			}
		})
	}
}

func TestMachinesAreKnownByTheirSigns(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]incoming.Kind{
		"Auto-Submitted: auto-generated":            incoming.Automatic,
		"auto-submitted: AUTO-NOTIFIED; x=y":        incoming.Automatic,
		"Auto-Submitted: no":                        incoming.Message,
		"Precedence: bulk":                          incoming.Automatic,
		"Precedence: Junk":                          incoming.Automatic,
		"Precedence: auto_reply":                    incoming.Automatic,
		"Precedence: first-class":                   incoming.Message,
		"X-Autoreply: yes":                          incoming.Automatic,
		"X-Autorespond: Urlaub":                     incoming.Automatic,
		"List-Id: Our list <list.example.org>":      incoming.Automatic,
		"Return-Path: <>":                           incoming.Automatic,
		"Return-Path: <ada@example.org>":            incoming.Message,
		"From: MAILER-DAEMON@example.org (Mailer)":  incoming.Automatic,
		"X-Priority: 1":                             incoming.Message,
		"Content-Type: multipart/report; boundary=": incoming.Report,
	} {
		if got := incoming.Read([]byte(line + "\nSubject: s\n\ntext\n")); got.Kind != want || want == incoming.Automatic && got.Sign == "" {
			t.Errorf("%s: %s by the sign %q, want %s", line, got.Kind, got.Sign, want)
		}
	}
}

func TestAMailThatIsFoundTwiceHasOneKey(t *testing.T) {
	t.Parallel()
	read := func(mail string) string { return incoming.Read([]byte(mail)).Key }
	one := "Message-ID: <1@example.org>\nFrom: a@example.org\nDate: Tue, 1 Dec 2026 10:00:00 +0100\nSubject: s\n\ntext\n"
	if way := "Received: by another way\nDelivered-To: b@example.org\n" + one; read(way) != read(one) {
		t.Error("copies that came by two ways have two keys")
	}
	for _, other := range []string{"<1@example.org>", "a@example.org", "10:00", "Subject: s", "text"} {
		if read(strings.Replace(one, other, "<2@example.net>", 1)) == read(one) {
			t.Errorf("a mail with another %s has the same key", other)
		}
	}
}

func TestOfAMailThatIsTooLargeTheHeaderIsRead(t *testing.T) {
	t.Parallel()
	got := incoming.ReadHeader([]byte("From: a@example.org\nSubject: photos\nAuto-Submitted: auto-replied\n\n"), 60<<20)
	if got.Subject != "photos" || got.Kind != incoming.Automatic || got.Size != 60<<20 || got.Text != "" || len(got.Problems) != 1 || got.Problems[0] != "it has more than 32 MiB, so only its header was read" {
		t.Errorf("it says %+v", got)
	}
}

func TestWhatIsBeyondTheBoundsIsTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ mail, want string }{
		"a long text":     {"From: a@example.org\n\n" + strings.Repeat("größe ", 100_000), "its text is longer than 512 KiB and ends there"},
		"a long header":   {"From: a@example.org\n" + strings.Repeat("X: "+strings.Repeat("x", 1000)+"\n", 300) + "\ntext", "its header is longer than 256 KiB"},
		"many recipients": {"From: a@example.org\nTo: " + strings.Repeat("b@example.org,\n ", 300) + "c@example.org\n\ntext", "it goes to 301 addresses, of which 200 are kept"},
		"many parts":      {"From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 600), "it has more than 500 parts"},
	} {
		if got := incoming.Read([]byte(tt.mail)); len(got.Problems) == 0 || got.Problems[0] != tt.want {
			t.Errorf("%s: the problems are %q, want %q", name, got.Problems, tt.want)
		}
	}
	got := incoming.Read([]byte("From: a@example.org\nReferences: " + strings.Repeat("<x@example.org>\n ", 2000) + "<last@example.org>\n\ntext"))
	if n := len(got.References); n != 100 || got.References[99] != "last@example.org" {
		t.Errorf("of 2001 references %d are kept, the last one %s", n, got.References[n-1])
	}
}

func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.eml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := incoming.Read(raw)
		text := said(m)
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\x07\r\x1b") || m.Key == "" || m.Kind == "" {
			t.Errorf("%q says %q", raw, text)
		}
		for _, p := range m.Problems {
			if strings.HasPrefix(p, "reading it failed") {
				t.Errorf("%q: %s", raw, p)
			}
		}
		if again := incoming.Read(bytes.Clone(raw)); again.Key != m.Key {
			t.Errorf("%q has two keys", raw)
		}
	})
}

// The library reads the header of a part whatever its length, and takes many times as much.
func TestAPartWithAHeaderWithoutEndIsNotRead(t *testing.T) { // alone, since it measures
	raw := "From: eve@example.com\r\nSubject: s\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + strings.Repeat("a:\n", incoming.MaxHeader)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := incoming.Read([]byte(raw))
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 10<<20 {
		t.Errorf("it takes %d MiB", took>>20)
	}
	if want := "a part of it has a header longer than 256 KiB, so only its own header was read"; m.Subject != "s" || m.Text != "" || !slices.Contains(m.Problems, want) {
		t.Errorf("it says %+v, want the problem %s", m, want)
	}
	long := "From: ada@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n" + strings.Repeat("word\r\n", incoming.MaxHeader/4) + "--x--\r\n"
	if m := incoming.Read([]byte(long)); !strings.HasPrefix(m.Text, "word\nword") {
		t.Errorf("a long text is read as %.40q, with the problems %q", m.Text, m.Problems)
	}
}

func TestAPageWithoutTheEndOfItsHeadAndANamedTextAreRead(t *testing.T) {
	t.Parallel()
	page := incoming.Read([]byte("From: a@example.com\r\nContent-Type: text/html\r\n\r\n<html><head><title>t</title><body><p>Hello</p></body></html>"))
	named := incoming.Read([]byte("From: a@example.com\r\nContent-Type: text/plain; name=\"note.txt\"\r\n\r\nHello"))
	for _, m := range []incoming.Mail{page, named} {
		if strings.TrimSpace(m.Text) != "Hello" || len(m.Attachments) > 0 {
			t.Errorf("it says %q, with %d attachments", m.Text, len(m.Attachments))
		}
	}
	long := incoming.Read([]byte("From: a@example.com\r\nContent-Type: text/html\r\n\r\n<style>" + strings.Repeat("x", 3<<20) + "</style>Hello"))
	if want := "a text of it is longer than 2048 KiB, and was read so far"; !slices.Contains(long.Problems, want) {
		t.Errorf("the problems are %q, want %s", long.Problems, want)
	}
}
