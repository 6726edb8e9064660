package main

import (
	"context"
	"os"
	_ "time/tzdata" // jobs have time zones, and a slim image has none
)

func main() {
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()}
	os.Exit(p.run(context.Background(), os.Args[1:]))
}
