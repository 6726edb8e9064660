package sqlite

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEncodeWritesCanonicalJSON(t *testing.T) {
	tests := map[string]struct {
		value any
		want  string
		fails string
	}{
		"names in order":   {value: map[string]any{"b": int64(1), "a": true, "c": map[string]any{}}, want: `{"a":true,"b":1,"c":{}}`},
		"list":             {value: []any{"x", int64(math.MinInt64), false, []any{}}, want: `["x",-9223372036854775808,false,[]]`},
		"plain text":       {value: "Zürich <b> 😀", want: `"Zürich <b> 😀"`},
		"text with escape": {value: "a\"b\\c\nd", want: `"a\"b\\c\nd"`},
		"a float":          {value: map[string]any{"size": 1.5}, fails: "size: a value of Go type float64 is not canonical"},
		"a null":           {value: []any{nil}, fails: "item 0: a value of Go type <nil> is not canonical"},
		"no UTF-8":         {value: "\xff", fails: "a text must be valid UTF-8 without null characters"},
		"a null character": {value: "a\x00", fails: "a text must be valid UTF-8 without null characters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := encode(tt.value)
			if message(err) != tt.fails || err == nil && got != tt.want {
				t.Errorf("encode(%#v) = %s, %q; want %s, %q", tt.value, got, message(err), tt.want, tt.fails)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestDecodeRefusesWhatWasNotWritten(t *testing.T) {
	for document, want := range map[string]string{
		``:                      "it is not what xrm has written, from byte 0 of 0 on",
		`{"a":1`:                "it is not what xrm has written, from byte 6 of 6 on",
		`{"a":1}x`:              "it is not what xrm has written, from byte 7 of 8 on",
		`{"a":1.5}`:             "it is not what xrm has written, from byte 6 of 9 on",
		`{"a":null}`:            "it is not what xrm has written, from byte 5 of 10 on",
		`{a:1}`:                 "it is not what xrm has written, from byte 1 of 5 on",
		`{"a" :1}`:              "it is not what xrm has written, from byte 4 of 8 on",
		`["a`:                   "it is not what xrm has written, from byte 3 of 3 on",
		`["\x"]`:                "it is not what xrm has written, from byte 5 of 6 on",
		`["a\`:                  "it is not what xrm has written, from byte 4 of 4 on",
		`[1 ]`:                  "it is not what xrm has written, from byte 2 of 4 on",
		`[9999999999999999999]`: "it is not what xrm has written, from byte 20 of 21 on",
	} {
		if value, err := decode(document); message(err) != want {
			t.Errorf("decode(%s) = %v, %q; want %q", document, value, message(err), want)
		}
	}
	if _, err := decodeObject(`[]`); message(err) != "it is no object" {
		t.Errorf("decodeObject of a list: %v", err)
	}
}

func FuzzDecodeReadsWhatEncodeWrites(f *testing.F) {
	for _, seed := range []string{`{"a":"b"}`, `[1,true,"\u00e4\n"]`, `"\ud800"`, `{"a":{"b":[]}}`, `[-9223372036854775808]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		value, err := decode(document)
		if err != nil {
			return
		}
		written, err := encode(value)
		if err != nil {
			return // a null character, or text that is no UTF-8
		}
		again, err := decode(written)
		if err != nil || !cmp.Equal(again, value) {
			t.Fatalf("%q was read as %#v, written as %q and read as %#v, error %v", document, value, written, again, err)
		}
	})
}
