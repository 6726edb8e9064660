package mailing

import (
	"bytes"
	"cmp"
	"fmt"
	htmltemplate "html/template"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/openxrm/xrm/schema/strictyaml"
	"golang.org/x/text/language"
)

// File is a file of a plugin: NAME.LANGUAGE.txt or NAME.LANGUAGE.html, wherever it lies.
type File struct {
	Path string // for messages
	Data []byte
}

// Templates are those of a plugin, by their names. They never change.
type Templates map[string]*Template

// Template is one mail in several languages.
type Template struct {
	languages []language.Tag // the first is that of whoever speaks none of them: English where there is one
	texts     map[language.Tag]*text
}

type text struct {
	subject, body *template.Template
	html          *htmltemplate.Template // nil for none
}

// named takes the path of a template apart.
var named = regexp.MustCompile(`^([a-z][A-Za-z0-9]*)\.([A-Za-z0-9-]+)\.(txt|html)$`)

// subject is how the first line of a text begins.
const subject = "Subject:"

// Read reads the templates of a plugin, in the language of Go's text/template and
// html/template, and returns every mistake in them at once, beside those that have none. A text begins with a line
// "Subject: ..." and an empty one. Whoever has an HTML form of a language has the text too.
func Read(files []File) (Templates, strictyaml.Problems) {
	all := Templates{}
	var problems strictyaml.Problems
	refuse := func(f File, line int, format string, args ...any) {
		problems = append(problems, strictyaml.Problem{File: f.Path, Line: line, Message: fmt.Sprintf(format, args...)})
	}
	// Texts come before the HTML that belongs to them.
	files = slices.SortedStableFunc(slices.Values(files), func(a, b File) int { return -cmp.Compare(path.Ext(a.Path), path.Ext(b.Path)) })
	for _, f := range files {
		parts := named.FindStringSubmatch(path.Base(f.Path))
		if parts == nil {
			refuse(f, 0, "a mail is called NAME.LANGUAGE.txt or NAME.LANGUAGE.html, such as receipt.de.txt")
			continue
		}
		tag, err := language.Parse(parts[2])
		if err != nil {
			refuse(f, 0, "%q is no language such as de or en-GB", parts[2])
			continue
		}
		t := all[parts[1]]
		if t == nil {
			t = &Template{texts: map[language.Tag]*text{}}
		}
		if err := t.add(tag, parts[3], f); err != nil {
			line, what := place(err)
			refuse(f, line, "%s", what)
			continue
		}
		all[parts[1]] = t
	}
	for _, t := range all {
		t.languages = slices.SortedFunc(maps.Keys(t.texts), func(a, b language.Tag) int {
			return cmp.Or(cmp.Compare(english(b), english(a)), cmp.Compare(a.String(), b.String()))
		})
	}
	return all, problems
}

func (t *Template) add(tag language.Tag, form string, f File) error {
	if form == "html" {
		its := t.texts[tag]
		if its == nil {
			return fmt.Errorf("there is no text of this mail in the language %s; not everybody reads HTML", tag)
		}
		parsed, err := htmltemplate.New("html").Option("missingkey=error").Parse(string(f.Data))
		if err == nil {
			its.html = parsed
		}
		return err
	}
	first, rest, _ := strings.Cut(strings.ReplaceAll(string(f.Data), "\r\n", "\n"), "\n")
	said, found := strings.CutPrefix(first, subject)
	empty, rest, _ := strings.Cut(rest, "\n")
	if !found || strings.TrimSpace(said) == "" || strings.TrimSpace(empty) != "" || strings.TrimSpace(rest) == "" {
		return fmt.Errorf("a text begins with a line %q and an empty one, and goes on with what the mail says", subject+" ...")
	}
	head, err := template.New("subject").Option("missingkey=error").Parse(strings.TrimSpace(said))
	if err != nil {
		return err
	}
	body, err := template.New("text").Option("missingkey=error").Parse("\n\n" + rest) // lines as in the file
	if err == nil {
		t.texts[tag] = &text{subject: head, body: body}
	}
	return err
}

// at is where a mistake of a template stands, in the messages of the library.
var at = regexp.MustCompile(`(?s)^(?:html/)?template: ?[a-z]+:(\d+)(?::\d+)?: (.*)$`)

// place says in which line of its file a template is wrong, and how; 0 for no line.
func place(err error) (line int, what string) {
	parts := at.FindStringSubmatch(err.Error())
	if parts == nil {
		return 0, err.Error()
	}
	_, _ = fmt.Sscan(parts[1], &line) // they are digits
	return line, parts[2]
}

func english(t language.Tag) int {
	if base, _ := t.Base(); base.String() == "en" {
		return 1
	}
	return 0
}

// Text is a mail, in one language.
type Text struct {
	Language string // BCP 47
	Subject  string
	Body     string
	HTML     string // "" for none
}

// maxText bounds what comes of a template, in bytes.
const maxText = 512 << 10

// Render makes a mail of a template, in the language that is nearest to the one asked
// for; "" for whatever there is. The error says what the template needs and was not given.
func (t *Template) Render(wanted string, values map[string]any) (Text, error) {
	asked, err := language.Parse(wanted)
	if wanted != "" && err != nil {
		return Text{}, fmt.Errorf("%q is no language such as de or en-GB", wanted)
	}
	_, nearest, _ := language.NewMatcher(t.languages).Match(asked)
	tag := t.languages[nearest]
	its := t.texts[tag]
	made := Text{Language: tag.String()}
	parts := []part{{&made.Subject, its.subject}, {&made.Body, its.body}}
	if its.html != nil {
		parts = append(parts, part{&made.HTML, its.html})
	}
	for _, p := range parts {
		var written bounded
		if err := p.from.Execute(&written, values); err != nil {
			_, what := place(err)
			return Text{}, fmt.Errorf("the mail in the language %s cannot be made: %s", tag, what)
		}
		*p.into = strings.TrimSpace(written.String())
	}
	made.Subject = strings.Join(strings.Fields(made.Subject), " ") // a value may have several lines
	return made, nil
}

// part is one part of a mail, and what it is made of.
type part struct {
	into *string
	from interface {
		Execute(into io.Writer, values any) error
	}
}

// bounded takes as much as a mail may have.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxText {
		return 0, fmt.Errorf("it would be longer than %d KiB", maxText>>10)
	}
	return b.Buffer.Write(p)
}
