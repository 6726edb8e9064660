package pluginhost_test

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/pluginhost"
)

func TestWhatAPluginLogsHasItsAttributesInAGroup(t *testing.T) {
	t.Parallel()
	var many, manyTold, manyEncoded []string
	for i := range 70 {
		many = append(many, fmt.Sprintf(`"k%02d":%d`, i, i))
		if i < 64 {
			manyTold, manyEncoded = append(manyTold, fmt.Sprintf("attributes.k%02d=%d", i, i)), many[:i+1]
		}
	}
	tests := map[string]struct{ given, text, json string }{
		"values of each kind": {
			`{"order":"O 7","n":7,"price":12.50,"paid":true,"by":null}`,
			`attributes.by=<nil> attributes.n=7 attributes.order="O 7" attributes.paid=true attributes.price=12.50`,
			`"attributes":{"by":null,"n":7,"order":"O 7","paid":true,"price":12.50}`,
		},
		"what lies in each other": {
			`{"customer":{"id":"c1","tags":["a","b"]}}`,
			`attributes.customer.id=c1 attributes.customer.tags="[\"a\",\"b\"]"`,
			`"attributes":{"customer":{"id":"c1","tags":["a","b"]}}`,
		},
		"what the host says itself": {
			`{"plugin":"other","call":"x","level":"ERROR","msg":"all is lost","x plugin=other":1}`,
			`attributes.call=x attributes.level=ERROR attributes.msg="all is lost" attributes.plugin=other "attributes.x plugin=other"=1`,
			`"attributes":{"call":"x","level":"ERROR","msg":"all is lost","plugin":"other","x plugin=other":1}`,
		},
		"more than anybody reads": {
			"{" + strings.Join(many, ",") + "}",
			strings.Join(manyTold, " ") + ` "attributes.left out"=6`,
			`"attributes":{` + strings.Join(manyEncoded, ",") + `,"left out":6}`,
		},
		"groups without end": {
			strings.Repeat(`{"a":`, 6) + "1" + strings.Repeat("}", 6),
			`attributes.a.a.a.a="{\"a\":{\"a\":1}}"`,
			`"attributes":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}`,
		},
		"a key that is long": {`{"` + strings.Repeat("k", 200) + `":1}`, "attributes." + strings.Repeat("k", 100) + "...=1", `"attributes":{"` + strings.Repeat("k", 100) + `...":1}`},
		"no object":          {`[1]`, "attributes=[1]", `"attributes":"[1]"`},
		"no JSON":            {`{"a"`, `attributes="{\"a\""`, `"attributes":"{\"a\""`},
		"too much of it":     {`{"a":"` + strings.Repeat("x", 9000) + `"}`, `attributes="{\"a\":\"` + strings.Repeat("x", 8186) + `..."`, `"attributes":"{\"a\":\"` + strings.Repeat("x", 8186) + `..."`},
	}
	var text, encoded transcript
	textHost, _ := working(t, pluginhost.Config{Log: slog.New(slog.NewTextHandler(&text, nil))})
	jsonHost, _ := working(t, pluginhost.Config{Log: slog.New(slog.NewJSONHandler(&encoded, nil))})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			must(t, textHost, "log "+tt.given)
			must(t, jsonHost, "log "+tt.given)
			got := []string{noted(t, &text), noted(t, &encoded)}
			want := []string{"level=INFO msg=noted plugin=p call=CALL " + tt.text, `"level":"INFO","msg":"noted","plugin":"p","call":"CALL",` + tt.json + "}"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the log, as text and as JSON (-want +got):\n%s", diff)
			}
		})
	}
}

// noted is the line that the plugin has logged last, without its time and with
// the call replaced.
func noted(t *testing.T, log *transcript) string {
	t.Helper()
	last := ""
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "noted") {
			last = line
		}
	}
	last = regexp.MustCompile(`("?call"?[=:]"?)[A-Z0-9]{12}`).ReplaceAllString(last, "${1}CALL")
	return strings.TrimSpace(regexp.MustCompile(`^.*?("level"|level=)`).ReplaceAllString(last, "$1"))
}
