package strictyaml_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

type config struct {
	Name    string            `yaml:"name"`
	Port    int               `yaml:"port"`
	Ratio   float64           `yaml:"ratio"`
	On      bool              `yaml:"on"`
	Limit   *int64            `yaml:"limit"`
	Tags    []string          `yaml:"tags"`
	Words   map[string]string `yaml:"words"`
	Inner   *inner            `yaml:"inner"`
	Any     any               `yaml:"any"`
	Ignored string            `yaml:"-"`
	Line    int               `yaml:"-"`
}

type inner struct {
	Size int `yaml:"size"`
	Line int `yaml:"-"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		yaml string
		want config
		err  string
	}{
		"nothing":        {},
		"only a comment": {yaml: "# later\n"},
		"everything": {
			yaml: "# c\nname: a\nport: 8080\nratio: 0.5\non: true\nlimit: 7\ntags: [x, y]\nwords: {a: b}\nany: {x: [1]}\ninner:\n  size: 3\n",
			want: config{Name: "a", Port: 8080, Ratio: 0.5, On: true, Limit: ptr(7), Tags: []string{"x", "y"}, Words: map[string]string{"a": "b"}, Any: map[string]any{"x": []any{1}}, Inner: &inner{3, 11}, Line: 2},
		},
		"an alias":        {yaml: "tags: &t [x]\nany: *t\n", want: config{Tags: []string{"x"}, Any: []any{"x"}, Line: 1}},
		"nothing for any": {yaml: "any:\n", want: config{Line: 1}},
		"all mistakes at once": {
			yaml: "naem: a\nport: many\nratio: x\non: perhaps\nlimit: 1.5\ntags: x\nwords: [a]\ninner: 3\nname:\nPort: 1\nignored: x\nzzz: 1\n",
			want: config{Words: map[string]string{}, Line: 1, Inner: &inner{Line: 8}},
			err: `f.yaml:1: unknown key "naem"; did you mean "name"?
f.yaml:2: "many" where a whole number is expected
f.yaml:3: "x" where a number is expected
f.yaml:4: "perhaps" where true or false is expected
f.yaml:5: "1.5" where a whole number is expected
f.yaml:6: "x" where a list is expected
f.yaml:7: a list where a mapping (key: value) is expected
f.yaml:8: "3" where a mapping (key: value) is expected
f.yaml:9: nothing where a text is expected
f.yaml:10: unknown key "Port"; did you mean "port"?
f.yaml:11: unknown key "ignored"
f.yaml:12: unknown key "zzz"`,
		},
		"the same key twice":       {yaml: "port: 1\nport: 2\n", want: config{Port: 1, Line: 1}, err: `f.yaml:2: "port" stands here again, first on line 1`},
		"twice inside of any":      {yaml: "any:\n  a: 1\n  a: 2\n", want: config{Line: 1}, err: `f.yaml:3: mapping key "a" already defined at line 2`},
		"no mapping":               {yaml: "- a\n", want: config{Line: 1}, err: `f.yaml:1: a list where a mapping (key: value) is expected`},
		"not YAML":                 {yaml: "name: [a\nport: 1\n", err: `f.yaml:1: this is not valid YAML: did not find expected ',' or ']'`},
		"a tab":                    {yaml: "inner:\n\tsize: 3\n", err: `f.yaml:2: this is not valid YAML: a tab stands before the text; YAML indents with spaces`},
		"a tab on the first line":  {yaml: "\tname: a\n", err: `f.yaml:1: this is not valid YAML: a tab stands before the text; YAML indents with spaces`},
		"a tab on a later line":    {yaml: "inner:\n  size: 3\n  \tsize: 4\n", err: `f.yaml:3: this is not valid YAML: a tab stands before the text; YAML indents with spaces`},
		"a tab inside of a text":   {yaml: "name: a\tb\n", want: config{Name: "a\tb", Line: 1}},
		"a character that is none": {yaml: "port: 1\nname: @x\n", err: `f.yaml:2: this is not valid YAML: found character that cannot start any token`},
		"two documents":            {yaml: "port: 1\n---\nport: 2\n", want: config{Port: 1, Line: 1}, err: `f.yaml:2: a second document begins here; put it into a file of its own`},
		"a second that is broken":  {yaml: "port: 1\n---\nport: [\n", want: config{Port: 1, Line: 1}, err: `f.yaml:3: this is not valid YAML: did not find expected node content`},
		"an anchor in itself":      {yaml: "inner: &i\n  size: *i\n", want: config{Line: 1, Inner: &inner{Line: 1}}, err: `f.yaml:1: anchor "i" contains itself`},
		"any that contains itself": {yaml: "any: &i [*i]\n", want: config{Line: 1}, err: `f.yaml:1: anchor 'i' value contains itself`},
		"not UTF-8":                {yaml: "name: \xff\n", err: `f.yaml: this is not valid YAML: invalid leading UTF-8 octet`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got config
			err := ""
			if problems := strictyaml.Decode("f.yaml", []byte(tt.yaml), &got).Err(); problems != nil {
				err = problems.Error()
			}
			if diff := cmp.Diff(tt.err, err); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
		})
	}
}

func ptr(n int64) *int64 { return &n }

func TestAliasesCannotFillTheMemory(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("any: 1\nwords: &a0 {x: y}\n")
	lists := "l0: &l0 [a,a,a,a,a,a,a,a,a,a]\n"
	for i := range 7 {
		lists += strings.NewReplacer("N", string(rune('1'+i)), "P", string(rune('0'+i))).Replace("lN: &lN [*lP,*lP,*lP,*lP,*lP,*lP,*lP,*lP,*lP,*lP]\n")
	}
	var into nest
	problems := strictyaml.Decode("f.yaml", []byte(lists), &into)
	if want := "the file is too long, or its aliases unfold to too much"; len(problems) != 1 || problems[0].Message != want {
		t.Errorf("problems = %v, want %q once", problems, want)
	}
}

func TestWhatLiesTooDeepIsRefused(t *testing.T) {
	t.Parallel()
	var into nest
	problems := strictyaml.Decode("f.yaml", []byte("a: "+strings.Repeat("[", 60)+"x"+strings.Repeat("]", 60)+"\n"), &into)
	if want := "this lies 51 levels deep, and 50 is the most; take it apart"; len(problems) != 1 || problems[0].Message != want {
		t.Errorf("problems = %v, want %q once", problems, want)
	}
}

// nest takes lists of lists of any depth.
type nest map[string]tree

type tree struct{ Items []tree }

func (x *tree) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if len(node.Content) > 0 {
		d.Decode(node, reflect.ValueOf(&x.Items).Elem())
	}
}

func TestProblemsSortByFileAndLine(t *testing.T) {
	t.Parallel()
	at := func(file string, line int, message string) strictyaml.Problem {
		return strictyaml.Problem{File: file, Line: line, Message: message}
	}
	ps := strictyaml.Problems{at("b", 1, "x"), at("a", 10, "x"), at("a", 9, "y"), at("a", 9, "x"), at("", 0, "bare"), at("a", 0, "whole")}
	want := "bare\na: whole\na:9: y\na:9: x\na:10: x\nb:1: x"
	if got := ps.Err().Error(); got != want {
		t.Errorf("Err() = %q, want %q", got, want)
	}
	if err := strictyaml.Problems(nil).Err(); err != nil {
		t.Errorf("Err() of no problems = %v, want nil", err)
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	known := []string{"text", "integer", "datetime"}
	for word, want := range map[string]string{
		"txt": `; did you mean "text"?`, "Text": `; did you mean "text"?`, "daettime": `; did you mean "datetime"?`, "intger": `; did you mean "integer"?`, "zzz": "", "": "", "x": "",
	} {
		if got := strictyaml.Suggest(word, known); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", word, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"name: a", "inner: &i {size: *i}", "any: !!binary x", "tags: [&a b, *a]", "? {a: b}\n: c", "words: {<<: {a: b}}", "---\n...\n---", "any: !x {y: 2001-01-01}", "limit: 0x10", "ratio: .inf"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c config
		for _, p := range strictyaml.Decode("f.yaml", []byte(text), &c) {
			if p.Message == "" || p.Line < 0 || len(text)+1 < p.Line {
				t.Errorf("problem %+v of %q: want a message and a line that can be", p, text)
			}
		}
	})
}
