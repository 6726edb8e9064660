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

// endLeft kills what plugins have started themselves and left behind, out of their
// process group or because the host was killed: the kernel kills plugins only. It
// is known by the folder for temporary files, which a plugin hands on; dir is that,
// or one above it.
func endLeft(dir string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		process, err := unix.PidfdOpen(pid, 0) // first, or the id might be another's when it is killed
		if err != nil {
			continue
		}
		environ, _ := os.ReadFile(file) // that of somebody else cannot be read
		_, rest, found := strings.Cut("\x00"+string(environ), "\x00TMPDIR="+dir)
		if found && (rest == "" || rest[0] == 0 || rest[0] == '/') {
			_ = unix.PidfdSendSignal(process, unix.SIGKILL, nil, 0)
		}
		_ = unix.Close(process)
	}
}
