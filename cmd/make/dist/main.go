// Dist makes a release: for each platform an archive with the program and its
// plugins, and the checksums of all. It builds what is committed, in a clone,
// so that nothing else gets in and the version is that of the commit: its tag,
// or what Go calls a commit between two tags.
//
// The same commit makes the same archives, byte for byte, with the same Go.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// platform is what is built for.
type platform struct{ os, arch string }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := release{root: ".", to: "dist", platforms: []platform{{"linux", "amd64"}, {"linux", "arm64"}}, out: os.Stdout}
	if err := r.make(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}
