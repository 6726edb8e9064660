#!/usr/bin/env bash
# In graphql-go, two schemas that share a type race when they are built at the same time, though each is only read.
#
# Software: github.com/graphql-go/graphql v0.8.1, with the race detector of the Go that runs this
# One guesses: a type is finished when NewObject returns it. Whoever keeps PageInfo in a variable, and puts it into
# the schema of each tenant or test, shares something that nobody writes to.
# It is: an object works out its fields and interfaces when a schema first asks for them, and stores them in itself
# without a lock. Two first schemas at once race. Once one schema has been built, others may be built at once.
# Who meets it: parallel tests, and servers that build schemas for several models or tenants.
# What helps: build one schema after the other, or build one with all shared types before. xrm builds one at a time.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > main.go <<'GO'
package main

import (
	"os"
	"sync"

	"github.com/graphql-go/graphql"
)

var pageInfo = graphql.NewObject(graphql.ObjectConfig{Name: "PageInfo", Fields: graphql.Fields{"hasNextPage": {Type: graphql.Boolean}}})

func build() {
	query := graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: graphql.Fields{"page": {Type: pageInfo}}})
	if _, err := graphql.NewSchema(graphql.SchemaConfig{Query: query}); err != nil {
		panic(err)
	}
}

func main() {
	if os.Args[1] == "later" {
		build()
	}
	var both sync.WaitGroup
	both.Go(build)
	both.Go(build)
	both.Wait()
}
GO
{
	go mod init finding
	go get github.com/graphql-go/graphql@v0.8.1
	go build -race -o program .
} >/dev/null 2>&1 || { echo "the package cannot be installed, or there is no C compiler for -race" >&2; exit 2; }
for when in first later; do
	if ./program "$when" >/dev/null 2>report; then
		echo "$when schemas, two at once: no race"
	elif grep -q 'WARNING: DATA RACE' report; then
		echo "$when schemas, two at once: a race"
	else
		cat report >&2
		exit 2
	fi
done | tee seen

diff - seen <<'SEEN' || { echo "This has changed." >&2; exit 1; }
first schemas, two at once: a race
later schemas, two at once: no race
SEEN
echo "As described."
