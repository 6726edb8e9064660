#!/usr/bin/env bash
# The same JSON Schema holds prices and patterns to different rules in Go and in Node.js.
#
# Software: github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 (Go), npm ajv 8.17.1 (Node.js 18 or newer)
# One guesses: a schema is a contract, so what one validator accepts the other accepts.
# It is: "multipleOf": 0.01 accepts 19.99 in Go, which computes exactly, and refuses it in ajv, which divides
# binary floating-point numbers; 1.1 passes both. A "pattern" with a lookahead works in ajv, while
# in Go the schema as a whole does not compile: it is Go's regular expressions that check it.
# Who meets it: a plugin in JavaScript whose settings are checked by the host in Go first, and by itself again.
# What helps: amounts as text with a pattern, or whole cents; no lookaheads in patterns.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > cases.json <<'JSON'
[
  {"schema": {"multipleOf": 0.01}, "values": [1.1, 19.99, 4.35, 1.005]},
  {"schema": {"pattern": "^(?=.*[0-9]).{8,}$"}, "values": ["abcdefg1", "abcdefgh"]}
]
JSON
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func main() {
	file, err := os.Open("cases.json")
	if err != nil {
		panic(err)
	}
	cases, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		panic(err)
	}
	for _, c := range cases.([]any) {
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("schema.json", c.(map[string]any)["schema"]); err != nil {
			panic(err)
		}
		schema, err := compiler.Compile("schema.json")
		if err != nil {
			fmt.Println("Go: the schema does not compile")
			continue
		}
		for _, value := range c.(map[string]any)["values"].([]any) {
			fmt.Printf("Go: %v %v\n", value, schema.Validate(value) == nil)
		}
	}
}
GO
cat > main.js <<'JS'
const Ajv = require("ajv/dist/2020").default;
for (const { schema, values } of require("./cases.json")) {
  const validate = new Ajv().compile(schema.pattern ? { type: "string", ...schema } : { type: "number", ...schema });
  for (const value of values) console.log(`ajv: ${value} ${validate(value)}`);
}
JS
{
	go mod init finding
	go get github.com/santhosh-tekuri/jsonschema/v6@v6.0.3
	npm install --no-save --no-package-lock ajv@8.17.1
} >/dev/null 2>&1 || { echo "the packages cannot be installed" >&2; exit 2; }
{ go run . && node main.js; } | tee seen

diff - seen <<'SEEN' || { echo "This has changed." >&2; exit 1; }
Go: 1.1 true
Go: 19.99 true
Go: 4.35 true
Go: 1.005 false
Go: the schema does not compile
ajv: 1.1 true
ajv: 19.99 false
ajv: 4.35 false
ajv: 1.005 false
ajv: abcdefg1 true
ajv: abcdefgh false
SEEN
echo "As described."
