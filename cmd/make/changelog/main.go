// Changelog folds the files of .changes/unreleased into CHANGELOG.md as the
// section of a version, and removes them. Each file is one change, so that two
// people who change something do not change the same line.
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: make changelog VERSION=v1.2.3")
		os.Exit(2)
	}
	if err := fold(".", os.Args[1], time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
