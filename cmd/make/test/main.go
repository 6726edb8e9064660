// Test runs go test and says how far it is: what is being compiled, which
// packages run, what each has come to, and of those that fail why, and how
// they are run again in the same order.
//
// Its arguments are those of go test.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

func main() {
	err := run(os.Args[1:], newScreen(os.Stdout))
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(1) // go test has said why
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
