package pluginhost

import (
	"errors"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// processAttributes put the plugin into a process group of its own, and make
// the kernel kill it when the host dies.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// reap returns when the process has ended. It calls atEnd while the process id
// is still taken: until then nobody else can get it, nor the group of that id.
func reap(cmd *exec.Cmd, atEnd func()) {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	atEnd()
	_ = cmd.Wait() // how it ended is in cmd.ProcessState
}
