package pluginhost_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// try makes the system call that "CALL PATH" or "CALL PID" names, the way that a
// program would who knows them all.
func try(what string) error {
	call, object, _ := strings.Cut(what, " ")
	path, pid := object, number(object)
	now := []unix.Timespec{{Sec: 1}, {Sec: 1}}
	plain := func(n uintptr, arguments ...uintptr) error {
		arguments = append(arguments, 0, 0, 0, 0, 0, 0)
		_, _, err := unix.Syscall6(n, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5])
		return errnoOrNil(err)
	}
	switch call {
	case "fchmodat":
		return unix.Fchmodat(unix.AT_FDCWD, path, 0o644, 0)
	case "fchmodat2":
		return unix.Fchmodat(unix.AT_FDCWD, path, 0o644, unix.AT_SYMLINK_NOFOLLOW)
	case "fchownat":
		return unix.Fchownat(unix.AT_FDCWD, path, -1, -1, 0)
	case "utimensat":
		return unix.UtimesNanoAt(unix.AT_FDCWD, path, now, 0)
	case "setxattr":
		return unix.Setxattr(path, "user.x", []byte("y"), 0)
	case "lremovexattr":
		return unix.Lremovexattr(path, "user.x")
	case "open3": // neither to read nor to write, and then change what it leads to
		fd, err := unix.Open(path, unix.O_ACCMODE|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Fchmod(fd, 0o644)
	case "openat2":
		fd, err := unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{Flags: unix.O_ACCMODE})
		if err == nil {
			err = errors.Join(unix.Fchmod(fd, 0o644), unix.Close(fd))
		}
		return err
	case "opath":
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return errors.Join(unix.Fchmod(fd, 0o644), os.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), 0o644))
	case "io_uring":
		return plain(unix.SYS_IO_URING_SETUP, 1)
	case "prlimit":
		return unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
	case "setpriority":
		return unix.Setpriority(unix.PRIO_PROCESS, pid, 19)
	case "sched_setaffinity":
		var one unix.CPUSet
		one.Set(0)
		return unix.SchedSetaffinity(pid, &one)
	case "sched_setscheduler":
		return plain(unix.SYS_SCHED_SETSCHEDULER, uintptr(pid), 5, 0) // SCHED_IDLE
	case "unshare":
		return unix.Unshare(unix.CLONE_NEWUSER)
	case "clone3":
		return plain(unix.SYS_CLONE3)
	case "keyctl":
		_, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, true)
		return err
	case "bpf":
		return plain(unix.SYS_BPF)
	case "perf_event_open":
		return plain(unix.SYS_PERF_EVENT_OPEN)
	case "mptcp":
		return socket(unix.AF_INET, unix.IPPROTO_MPTCP)
	case "smc":
		return socket(unix.AF_SMC, 0)
	case "fastopen":
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, []byte("x"), unix.MSG_FASTOPEN, &unix.SockaddrInet4{Port: number(object), Addr: [4]byte{127, 0, 0, 1}})
	case "x32":
		return plain(0x40000000 | unix.SYS_GETPID)
	case "own": // what a program does to files of its own, in this folder
		return changeOwn(path)
	}
	return fmt.Errorf("nobody knows %s", call)
}

// changeOwn changes what is the plugin's own the way that stays allowed: by what is
// open.
func changeOwn(folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := root.OpenFile("own", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	at := [2]unix.Timespec{{Sec: 1}, {Sec: 1}}
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, f.Fd(), 0, uintptr(unsafe.Pointer(&at)), 0, 0, 0) // futimens
	if err := errors.Join(f.Chmod(0o640), errnoOrNil(errno), unix.Fsetxattr(int(f.Fd()), "user.x", []byte("y"), 0)); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(folder, "own"))
	if err == nil && (info.Mode() != 0o640 || info.ModTime().Unix() != 1) {
		err = fmt.Errorf("it is %s, of %s", info.Mode(), info.ModTime())
	}
	return err
}

func errnoOrNil(err unix.Errno) error {
	if err == 0 {
		return nil
	}
	return err
}

func socket(family, protocol int) error {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, protocol)
	if err == nil {
		unix.Close(fd)
	}
	return err
}
