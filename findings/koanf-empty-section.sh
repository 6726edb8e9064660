#!/usr/bin/env bash
# A section of a YAML file in which everything is commented out takes away the defaults of the whole section.
#
# Software: github.com/knadh/koanf/v2 v2.4.1 with parsers/yaml v1.1.1 and providers/confmap v1.0.1
# One guesses: a later layer replaces the keys that it names. "limits:" with nothing below it names none.
# It is: the section is null in YAML, and null replaces the map with all that earlier layers put into it. Load
# and Unmarshal return no error, and every value of the section is zero.
# Who meets it: whoever takes the comment signs off the heading only, or puts them before the last value.
# What helps: refuse such a section while the file is read, with its line. xrm does: "xrm.yaml:1: nothing
# where a mapping (key: value) is expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > main.go <<'GO'
package main

import (
	"fmt"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

type config struct {
	Limits struct {
		Page  int `koanf:"page"`
		Depth int `koanf:"depth"`
	} `koanf:"limits"`
}

func main() {
	for _, file := range []string{
		"limits:\n  page: 500\n",
		"limits: {}\n",
		"limits:\n  # page: 500\n",
	} {
		k := koanf.New(".")
		defaults := map[string]any{"limits.page": 200, "limits.depth": 15}
		if err := k.Load(confmap.Provider(defaults, "."), nil); err != nil {
			panic(err)
		}
		loaded := k.Load(rawbytes.Provider([]byte(file)), yaml.Parser())
		var c config
		read := k.Unmarshal("", &c)
		fmt.Printf("%q: page %d, depth %d, errors %v %v\n", file, c.Limits.Page, c.Limits.Depth, loaded, read)
	}
}
GO
{
	go mod init finding
	go get github.com/knadh/koanf/v2@v2.4.1 github.com/knadh/koanf/parsers/yaml@v1.1.1 \
		github.com/knadh/koanf/providers/confmap@v1.0.1 github.com/knadh/koanf/providers/rawbytes@v1.0.0
} >/dev/null 2>&1 || { echo "the packages cannot be installed" >&2; exit 2; }
go run . | tee seen

diff - seen <<'SEEN' || { echo "This has changed." >&2; exit 1; }
"limits:\n  page: 500\n": page 500, depth 15, errors <nil> <nil>
"limits: {}\n": page 200, depth 15, errors <nil> <nil>
"limits:\n  # page: 500\n": page 0, depth 0, errors <nil> <nil>
SEEN
echo "As described."
