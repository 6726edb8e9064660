package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// startsWith are how many entities of somebody's own there are at a start.
var startsWith = []int{0, 200}

func startName(entities int) string { return fmt.Sprintf("start, %d own entities", entities) }

// compareStarts measures how long it takes until a server is ready: with what
// is shipped, and with a large model of somebody's own. A start is long, so
// that a third of the pairs will do.
func compareStarts(ctx context.Context, o options, programs versions[string], dir string) error {
	for _, entities := range startsWith {
		name := startName(entities)
		if !o.only.MatchString(name) {
			continue
		}
		folder := filepath.Join(dir, fmt.Sprint(entities))
		if err := writeModel(folder, entities); err != nil {
			return err
		}
		progress("%s", name)
		pairs := make([]pair, (o.pairs+2)/3)
		for i := range pairs {
			for k := range 2 {
				program, into := programs.base, &pairs[i].base
				if (i+k)%2 == 1 {
					program, into = programs.new, &pairs[i].new
				}
				var err error
				if *into, err = timeStart(ctx, program, filepath.Join(dir, fmt.Sprint(entities, i, k)), folder); err != nil {
					return err
				}
			}
		}
		done()
		fmt.Print(row("memory", name, 0, pairs))
	}
	return nil
}

// timeStart starts a server with entities and ends it again.
func timeStart(ctx context.Context, program, dir, entities string) (time.Duration, error) {
	server, err := start(ctx, program, dir, "--store", "memory", "--entities", entities)
	if err != nil {
		return 0, err
	}
	return server.took, server.stop()
}

// writeModel writes so many entities of 40 fields, of which most refer to the
// one before them.
func writeModel(folder string, entities int) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	types := []string{"{type: text, search: true}", "{type: integer, index: true}", "{type: decimal}", "{type: date, index: true}", "{type: boolean}",
		"{type: enum, options: {one: {en: One}, two: {en: Two}}}", "{type: list, of: {type: text}}", "{type: datetime}"}
	for i := range entities {
		var b strings.Builder
		fmt.Fprintf(&b, "entity: thing%d\nfields:\n  name: {type: text, required: true, index: true}\n", i)
		first := 1
		if i > 0 {
			fmt.Fprintf(&b, "  before: {type: reference, to: thing%d}\n", i-1)
			first = 2
		}
		for f := first; f < 40; f++ {
			fmt.Fprintf(&b, "  field%d: %s\n", f, types[f%len(types)])
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("thing%d.yaml", i)), []byte(b.String()), 0o600); err != nil {
			return err
		}
	}
	return nil
}
