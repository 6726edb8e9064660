#!/usr/bin/env bash
# A package that the race detector of Go does not look at makes it see races in other packages that are none.
#
# Software: Go 1.26.8, its compiler, linker and race detector, on linux/amd64.
# One guesses: -gcflags=PACKAGE=-race=false leaves one package out, for instance one that is generated and takes most of
# the time. Whatever the detector misses then lies in that package; nothing else can change.
# It is: both packages have a copy of the generic functions of Go itself that they use, for instance those that sync.Map
# is made of. The linker takes one copy for all. If that is the one without the detector, sync.Map orders nothing any
# more in its eyes, in no package: values that are handed on by it are reported as races. So are encoding/json and
# reflect, which keep what they have learnt of a type in one.
# Who meets it: tests with -race that take too long because of SQLite in Go or another program that was translated.
# What helps: leave out only packages that have no such copies (go tool nm shows them by go.shape in their names).
set -euo pipefail
export GOTOOLCHAIN=go1.26.8 GOFLAGS=
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
go version >/dev/null 2>&1 && [ "$(go env GOOS)/$(go env GOARCH)" = linux/amd64 ] || { echo "Go 1.26.8 for linux/amd64 cannot be had" >&2; exit 2; }

mkdir quiet
cat > go.mod <<'MOD'
module example.com/finding

go 1.26
MOD
cat > quiet/quiet.go <<'GO'
package quiet

import "sync"

var seen sync.Map

// Seen notes a key, and says whether it was there.
func Seen(key any) bool {
	_, loaded := seen.LoadOrStore(key, true)
	return loaded
}
GO
cat > main.go <<'GO'
package main

import (
	"sync"

	"example.com/finding/quiet"
)

type made struct{ number int }

func main() {
	quiet.Seen(0)
	var kept sync.Map
	for i := range 1000 {
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				one, _ := kept.Load(i)
				if one == nil {
					one, _ = kept.LoadOrStore(i, &made{i}) // which hands it on to the other
				}
				if one.(*made).number != i {
					panic("another one")
				}
			})
		}
		group.Wait()
	}
}
GO

seen() {
	echo -n "$1: "
	shift
	if ! go build -race -o program "$@" . 2>out; then
		cat out >&2
		exit 2
	fi
	if ./program 2>out; then
		echo "no race"
	elif grep -q "DATA RACE" out && grep -q "main.main.func1" out; then
		echo "a race in main"
	else
		cat out
	fi
}
{
	seen "the detector looks at both packages"
	seen "it does not look at quiet, which main calls once" -gcflags=example.com/finding/quiet=-race=false
} | tee seen

diff - seen <<'SEEN' || { echo "This has changed." >&2; exit 1; }
the detector looks at both packages: no race
it does not look at quiet, which main calls once: a race in main
SEEN
echo "As described."
