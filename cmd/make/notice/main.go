// Notice writes the file NOTICE: what xrm and its plugins are linked with, under
// which licenses, with their texts. Most of them ask for that in everything that
// is given away.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

// linked are the programs whose parts are listed.
var linked = []string{"./cmd/xrm", "./plugins/..."}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	modules, err := list(ctx, ".", linked)
	if err == nil {
		err = os.WriteFile("NOTICE", []byte(notice(modules)), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
	fmt.Printf("NOTICE names %d modules\n", len(modules))
}
