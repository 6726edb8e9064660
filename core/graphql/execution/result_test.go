package execution

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/graphql-go/graphql"
)

func TestLeavesAreWritten(t *testing.T) {
	t.Parallel()
	type word string
	seven, custom := 7, newVocabulary().json
	tests := map[string]struct {
		scalar  *graphql.Scalar
		value   any
		want    string
		wantErr string
	}{
		"text with everything":   {scalar: graphql.String, value: "a\"b\\c\n\r\t\x01</é\u2028😀", want: "\"a\\\"b\\\\c\\n\\r\\t\\u0001</é\u2028😀\""},
		"text that is not UTF-8": {scalar: graphql.String, value: "a\xffb", want: "\"a\uFFFDb\""},
		"named text":             {scalar: graphql.String, value: word("w"), want: `"w"`},
		"number as text":         {scalar: graphql.ID, value: 12, want: `"12"`},
		"map as text":            {scalar: graphql.String, value: map[string]any{}, wantErr: "String cannot represent a value of Go type map[string]interface {}"},
		"pointer":                {scalar: graphql.Int, value: &seven, want: `7`},
		"whole float as integer": {scalar: graphql.Int, value: 7.0, want: `7`},
		"fraction as integer":    {scalar: graphql.Int, value: 7.5, wantErr: "Int cannot represent a value of Go type float64"},
		"integer as float":       {scalar: graphql.Float, value: int32(7), want: `7`},
		"tiny float":             {scalar: graphql.Float, value: 1e-9, want: `1e-09`},
		"not a number":           {scalar: graphql.Float, value: math.NaN(), wantErr: "Float cannot represent NaN"},
		"word as boolean":        {scalar: graphql.Boolean, value: "true", wantErr: "Boolean cannot represent a value of Go type string"},
		"64 bits":                {scalar: custom, value: int64(math.MaxInt64), want: `9223372036854775807`},
		"more than 63 bits":      {scalar: custom, value: uint64(math.MaxUint64), want: `18446744073709551615`},
		"nested":                 {scalar: custom, value: map[string]any{"b": []any{json.Number("1.50")}, "a": "<"}, want: `{"a":"<","b":[1.50]}`},
		"a type with its own form": {
			scalar: custom, value: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), want: `"2024-01-02T03:04:05Z"`,
		},
		"a value that JSON does not know": {scalar: custom, value: map[string]any{"a": func() {}}, wantErr: "json: unsupported type: func()"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := serialize(tt.scalar, tt.value)
			message := ""
			if err != nil {
				message = err.Error()
			}
			got := ""
			if err == nil {
				got = string(appendLeaf(nil, out))
			}
			if got != tt.want || message != tt.wantErr {
				t.Errorf("%s of %v = %s, %q; want %s, %q", tt.scalar, tt.value, got, message, tt.want, tt.wantErr)
			}
		})
	}
}

func FuzzStringsAreWrittenAsJSON(f *testing.F) {
	f.Add("a\"b\\\x00\xff\u2028é")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		written := appendString(nil, s)
		if err := json.Unmarshal(written, &got); err != nil {
			t.Fatalf("%q became %s: %v", s, written, err)
		}
		if utf8.ValidString(s) && got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func TestAnAnswerThatIsTooLargeIsLeftOutWithAReason(t *testing.T) {
	text := strings.Repeat("x", 1<<20)
	list := &holder{list: true}
	for range 1000 {
		list.values = append(list.values, text) // the same text: it is large only when it is written
	}
	written, err := (&Result{Executed: true, data: list}).AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"errors":[{"message":"The answer is larger than 64 MiB. Ask for smaller pages or fewer fields.","extensions":{"code":"INVALID"}}],"data":null}`
	if string(written) != want {
		t.Errorf("answer of %d bytes begins %.200s, want %s", len(written), written, want)
	}
	if cap(written) > 4*MaxAnswerBytes {
		t.Errorf("writing took %d bytes, more than the bound lets expect", cap(written))
	}
}
