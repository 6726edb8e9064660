// Idle contributes nothing, under the name of its program.
package main

import (
	"os"
	"path/filepath"

	"github.com/openxrm/xrm/sdk"
)

func main() { sdk.Serve(sdk.Plugin{Name: filepath.Base(os.Args[0]), Version: "1.0.0"}) }
