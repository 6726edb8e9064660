package pluginhost

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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

// endLeft kills what the plugins of a killed host had started themselves: the
// kernel kills plugins only. It is known by the sockets' folder, which a plugin
// has for its temporary files and hands on.
func endLeft(runDir string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		process, err := unix.PidfdOpen(pid, 0) // first, or the id might be another's when it is killed
		if err != nil {
			continue
		}
		environ, _ := os.ReadFile(file) // that of somebody else cannot be read
		if strings.Contains("\x00"+string(environ), "\x00TMPDIR="+runDir+"/") {
			_ = unix.PidfdSendSignal(process, unix.SIGKILL, nil, 0)
		}
		_ = unix.Close(process)
	}
}
