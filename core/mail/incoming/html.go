package incoming

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// unseen is what a page has and nobody sees.
var unseen = []atom.Atom{atom.Head, atom.Script, atom.Style, atom.Title, atom.Template, atom.Noscript, atom.Textarea}

// lines are the elements that begin a line, and paragraphs those with space around them.
var (
	lines      = []atom.Atom{atom.Br, atom.Div, atom.Tr, atom.Li, atom.Dt, atom.Dd, atom.Hr, atom.Address}
	paragraphs = []atom.Atom{atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Table, atom.Blockquote, atom.Pre}
)

// textOf is the text of a page, as somebody would copy it. Nothing of the page itself is
// kept: no script, no picture that tells its sender who looks.
func textOf(page string) string {
	var out strings.Builder
	var hidden atom.Atom // the element in which nothing is seen; 0 for none
	pre := 0
	for tokens := html.NewTokenizer(strings.NewReader(page)); ; {
		kind := tokens.Next()
		if kind == html.ErrorToken { // the end; the tokenizer reads whatever comes
			return out.String()
		}
		token := tokens.Token()
		switch {
		case hidden != 0:
			switch {
			case kind == html.EndTagToken && token.DataAtom == hidden:
				hidden = 0
			case hidden == atom.Head && kind == html.StartTagToken && token.DataAtom == atom.Body: // the end of a head may be left out
				hidden = 0
			}
		case kind == html.TextToken && pre > 0:
			out.WriteString(token.Data)
		case kind == html.TextToken:
			flow(&out, token.Data)
		case kind == html.StartTagToken && slices.Contains(unseen, token.DataAtom):
			hidden = token.DataAtom
		case slices.Contains(lines, token.DataAtom):
			out.WriteString(br(&out, token.DataAtom, kind))
		case slices.Contains(paragraphs, token.DataAtom):
			out.WriteString("\n\n")
			if token.DataAtom == atom.Pre {
				pre = map[html.TokenType]int{html.StartTagToken: 1}[kind]
			}
		case token.DataAtom == atom.Td || token.DataAtom == atom.Th:
			flow(&out, " ")
		}
	}
}

// br is the end of the line before an element: always at a br, else where one has begun.
func br(out *strings.Builder, element atom.Atom, kind html.TokenType) string {
	if element == atom.Br && kind != html.EndTagToken || !strings.HasSuffix(out.String(), "\n") {
		return "\n"
	}
	return ""
}

// flow adds text whose spaces and line ends count as one space, and none at the beginning
// of a line.
func flow(out *strings.Builder, text string) {
	words := strings.Fields(text)
	written := out.String()
	if len(written) > 0 && (len(words) == 0 || text[0] <= ' ') && !strings.HasSuffix(written, "\n") && !strings.HasSuffix(written, " ") {
		out.WriteByte(' ')
	}
	out.WriteString(strings.Join(words, " "))
	if len(words) > 0 && text[len(text)-1] <= ' ' {
		out.WriteByte(' ')
	}
}
