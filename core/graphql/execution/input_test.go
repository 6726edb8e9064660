package execution

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The field echo answers its arguments as the resolver got them, so an answer
// shows at once which keys were present and what they held.
func TestArgumentsReachTheResolver(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query, variables, want string
	}{
		"nothing written is a missing key": {
			query: `{ echo }`, want: `{}`,
		},
		"null literal is a present key": {
			query: `{ echo(text: null, point: null, ints: null) }`, want: `{"ints":null,"point":null,"text":null}`,
		},
		"null variable is a present key": {
			query: `query($a: String) { echo(text: $a) }`, variables: `{"a": null}`, want: `{"text":null}`,
		},
		"variable without a value is a missing key": {
			query: `query($a: String, $b: Int) { echo(text: $a, point: {x: 1, note: $a, y: $b}) }`, want: `{"point":{"x":1,"y":7}}`,
		},
		"null inside an input object": {
			query: `query($a: String) { echo(point: {x: 1, y: null, note: $a}) }`, variables: `{"a": null}`, want: `{"point":{"note":null,"x":1,"y":null}}`,
		},
		"null inside a variable of an input object": {
			query: `query($p: Point) { echo(point: $p) }`, variables: `{"p": {"x": 1, "y": null}}`, want: `{"point":{"x":1,"y":null}}`,
		},
		"default of a variable": {
			query: `query($a: String = "dflt", $p: Point = {x: 3}) { echo(text: $a, point: $p) }`, want: `{"point":{"x":3,"y":7},"text":"dflt"}`,
		},
		"null beats the default of a variable": {
			query: `query($a: String = "dflt") { echo(text: $a) }`, variables: `{"a": null}`, want: `{"text":null}`,
		},
		"defaults of arguments": {
			query: `{ defaults }`, want: `{"color":2,"ints":[1,2],"json":{"a":[true]},"need":5,"point":{"note":"a \"b\"","x":1}}`,
		},
		"variable without a value leaves the default of the argument": {
			query: `query($c: Color, $n: Int) { defaults(color: $c, need: $n, ints: 9, json: 1, point: {x: 2}) }`, want: `{"color":2,"ints":[9],"json":1,"need":5,"point":{"x":2,"y":7}}`,
		},
		"one value becomes a list": {
			query: `query($i: [Int], $g: [[Int]]) { echo(ints: $i, grid: $g, points: {x: 1}) }`, variables: `{"i": 1, "g": 2}`, want: `{"grid":[[2]],"ints":[1],"points":[{"x":1,"y":7}]}`,
		},
		"null in a list": {
			query: `query($n: Int) { echo(ints: [1, null, $n], grid: [[1], null]) }`, want: `{"grid":[[1],null],"ints":[1,null,null]}`,
		},
		"enum as literal and as variable": {
			query: `query($c: Color) { a: echo(color: BLUE) b: echo(color: $c, point: {x: 1, colors: [RED, BLUE]}) }`, variables: `{"c": "RED"}`,
			want: `{"color":2},"b":{"color":1,"point":{"colors":[1,2],"x":1,"y":7}}`,
		},
		"numbers": {
			query: `query($i: Int, $f: Float, $id: ID) { echo(int: $i, float: $f, id: $id) }`, variables: `{"i": 1e2, "f": 3, "id": 12345678901}`, want: `{"float":3,"id":"12345678901","int":100}`,
		},
		"ID and Float from integer literals": {
			query: `{ echo(id: 4, float: 4) }`, want: `{"float":4,"id":"4"}`,
		},
		"custom scalars keep every digit": {
			query:     `query($j: JSON, $none: Int) { a: echo(json: {big: 9007199254740993, dec: 12.50, none: $none, v: $j}) b: echo(json: $j, even: 4) }`,
			variables: `{"j": [9007199254740993, 0.10]}`,
			want:      `{"json":{"big":9007199254740993,"dec":12.50,"v":[9007199254740993,0.10]}},"b":{"even":4,"json":[9007199254740993,0.10]}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, Limits{})
			got := s.ask(t, tt.query, tt.variables)
			for _, prefix := range []string{`{"data":{"echo":`, `{"data":{"defaults":`, `{"data":{"a":`} {
				got = strings.TrimPrefix(got, prefix)
			}
			if diff := cmp.Diff(tt.want, strings.TrimSuffix(got, "}}")); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", tt.query, tt.variables, diff)
			}
		})
	}
}

func TestVariablesThatDoNotFitAreAllNamed(t *testing.T) {
	t.Parallel()
	const points = `Variable "$p" got invalid value [{"noet":"b","x":"a"},null,{"y":1},{"colors":["RED","REED",5… at "p`
	tests := map[string]struct {
		query, variables string
		want             []string
	}{
		"missing": {
			query: `query($n: Int!, $m: Int!) { a: required(n: $n) b: required(n: $m) }`,
			want:  []string{`Variable "$n" of required type "Int!" was not provided.`, `Variable "$m" of required type "Int!" was not provided.`},
		},
		"null": {
			query: `query($n: Int!) { required(n: $n) }`, variables: `{"n": null}`,
			want: []string{`Variable "$n" of non-null type "Int!" must not be null.`},
		},
		"wrong scalars": {
			query:     `query($i: Int, $j: Int, $f: Float, $s: String, $b: Boolean, $d: ID) { echo(int: $i, float: $f, text: $s, yes: $b, id: $d) b: echo(int: $j) }`,
			variables: `{"i": 3000000000, "j": 1.5, "f": "1", "s": 5, "b": "true", "d": 1.5}`,
			want: []string{
				`Variable "$i" got invalid value 3000000000; Int cannot represent non 32-bit signed integer value: 3000000000`,
				`Variable "$j" got invalid value 1.5; Int cannot represent non-integer value: 1.5`,
				`Variable "$f" got invalid value "1"; Float cannot represent non numeric value: "1"`,
				`Variable "$s" got invalid value 5; String cannot represent a non string value: 5`,
				`Variable "$b" got invalid value "true"; Boolean cannot represent a non boolean value: "true"`,
				`Variable "$d" got invalid value 1.5; ID cannot represent a non-string and non-integer value: 1.5`,
			},
		},
		"deep inside, all at once": {
			query:     `query($p: [Point!]) { echo(points: $p) }`,
			variables: `{"p": [{"x": "a", "noet": "b"}, null, {"y": 1}, {"x": 1, "colors": ["RED", "REED", 5, null], "even": 3}, 7]}`,
			want: []string{
				points + `[0].x"; Int cannot represent non-integer value: "a"`,
				points + `[0]"; Field "noet" is not defined by type "Point". Did you mean "note"?`,
				points + `[1]"; Expected non-nullable type "Point!" not to be null.`,
				points + `[2]"; Field "Point.x" of required type "Int!" was not provided.`,
				points + `[3].colors[1]"; Value "REED" does not exist in "Color" enum. Did you mean "RED"?`,
				points + `[3].colors[2]"; Enum "Color" cannot represent non-string value: 5.`,
				points + `[3].colors[3]"; Expected non-nullable type "Color!" not to be null.`,
				points + `[3].even"; Even cannot represent 3: it is odd`,
				points + `[4]"; Expected type "Point" to be an object.`,
			},
		},
		"enum": {
			query: `query($c: Color) { echo(color: $c) }`, variables: `{"c": "BLEU"}`,
			want: []string{`Variable "$c" got invalid value "BLEU"; Value "BLEU" does not exist in "Color" enum. Did you mean "BLUE"?`},
		},
		"a custom scalar says why": {
			query: `query($e: Even) { echo(even: $e) }`, variables: `{"e": 3}`,
			want: []string{`Variable "$e" got invalid value 3; Even cannot represent 3: it is odd`},
		},
		"a custom scalar without a reason": {
			query: `query($e: Even) { echo(even: $e) }`, variables: `{"e": "x"}`,
			want: []string{`Variable "$e" got invalid value "x"; Expected value of type "Even", found "x".`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, Limits{})
			r := Request{Query: tt.query}
			if tt.variables != "" {
				decoded, err := decodeNumbers([]byte(tt.variables))
				if err != nil {
					t.Fatal(err)
				}
				r.Variables = decoded.(map[string]any)
			}
			result := s.engine.Execute(t.Context(), r, nil)
			var got []string
			for _, err := range result.Errors {
				got = append(got, err.Message)
				if err.Extensions["code"] != "INVALID" || len(err.Locations) != 1 {
					t.Errorf("%q has code %v and locations %v", err.Message, err.Extensions["code"], err.Locations)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || result.Executed {
				t.Errorf("executed: %v; errors (-want +got):\n%s", result.Executed, diff)
			}
		})
	}
}

func TestNullInARequiredArgumentIsAFaultOfTheField(t *testing.T) {
	t.Parallel()
	s := newShop(t, Limits{})
	got := s.ask(t, `query($n: Int = 1) { required(n: $n) rooted }`, `{"n": null}`)
	want := `{"errors":[{"message":"Argument \"n\" has an invalid value; Expected non-nullable type \"Int!\" not to be null.","locations":[{"line":1,"column":22}],"path":["required"],"extensions":{"code":"INVALID"}}],"data":{"required":null,"rooted":"root"}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}
