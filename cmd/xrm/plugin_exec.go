package main

import (
	"runtime"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/spf13/cobra"
)

const pluginExec = "plugin-exec"

// shim is how the server starts plugins: through itself, even if its file was
// replaced meanwhile. Elsewhere than on Linux there is nothing to gain.
func shim() []string {
	if runtime.GOOS != "linux" {
		return nil
	}
	return []string{"/proc/self/exe", pluginExec}
}

// pluginExecCommand is for the server, not for people.
func pluginExecCommand() *cobra.Command {
	return &cobra.Command{
		Use: pluginExec, Hidden: true, DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error { return pluginhost.Exec(args) },
	}
}
