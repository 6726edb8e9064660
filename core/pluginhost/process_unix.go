//go:build unix && !linux

package pluginhost

import (
	"os/exec"
	"syscall"
)

// processAttributes put the plugin into a process group of its own. Where the
// kernel cannot kill it when the host dies, the plugin notices by itself.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// reap returns when the process has ended and atEnd was called. Here there is
// no way to call it while the process id is still taken.
func reap(cmd *exec.Cmd, atEnd func()) {
	_ = cmd.Wait() // how it ended is in cmd.ProcessState
	atEnd()
}

// endLeft does nothing here, where no process can be asked where it came from.
func endLeft(string) {}
