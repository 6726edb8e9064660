#!/usr/bin/env bash
# gqlparser fills in the default of an argument, but not that of a field of an input object.
#
# Software: github.com/vektah/gqlparser/v2 v2.5.64, beside npm graphql 16.11.0, the reference implementation
# One guesses: VariableValues and ArgumentMap return what a resolver should get, with all defaults in it.
# It is: a default that stands at an argument is there; one that stands at a field of an input type is not,
# neither for a literal nor for a variable. A field of type Int! is simply absent, after a validation that
# found nothing wrong. graphql-js fills in both.
# Who meets it: whoever executes with gqlparser and trusts that a non-null field has a value.
# What helps: walk through the input once more, and fill in what def.DefaultValue says. xrm has its own.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
)

func main() {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { find(first: Int! = 5, page: Page): String }
		input Page { size: Int! = 7, after: String }
	`})
	for _, q := range []struct {
		query     string
		variables map[string]any
	}{
		{`{ find(page: {after: "x"}) }`, nil},
		{`query($p: Page) { find(page: $p) }`, map[string]any{"p": map[string]any{"after": "x"}}},
	} {
		document, errs := gqlparser.LoadQuery(schema, q.query)
		if errs != nil {
			panic(errs)
		}
		operation := document.Operations[0]
		variables, err := validator.VariableValues(schema, operation, q.variables)
		if err != nil {
			panic(err)
		}
		arguments, _ := json.Marshal(operation.SelectionSet[0].(*ast.Field).ArgumentMap(variables))
		fmt.Printf("gqlparser   %s\n", arguments)
	}
}
GO
cat > reference.js <<'JS'
const { buildSchema, graphqlSync } = require("graphql");
const schema = buildSchema(`
  type Query { find(first: Int! = 5, page: Page): String }
  input Page { size: Int! = 7, after: String }
`);
const rootValue = { find: (args) => { console.log("graphql-js  " + JSON.stringify(args)); } };
graphqlSync({ schema, rootValue, source: `{ find(page: {after: "x"}) }` });
graphqlSync({ schema, rootValue, source: `query($p: Page) { find(page: $p) }`, variableValues: { p: { after: "x" } } });
JS
{
	go mod init finding
	go get github.com/vektah/gqlparser/v2@v2.5.64
	npm install --no-save --no-package-lock graphql@16.11.0
} >/dev/null 2>&1 || { echo "the packages cannot be installed" >&2; exit 2; }
{ go run . && node reference.js; } | tee seen

diff - seen <<'SEEN' || { echo "This has changed." >&2; exit 1; }
gqlparser   {"first":5,"page":{"after":"x"}}
gqlparser   {"first":5,"page":{"after":"x"}}
graphql-js  {"first":5,"page":{"size":7,"after":"x"}}
graphql-js  {"first":5,"page":{"size":7,"after":"x"}}
SEEN
echo "As described."
