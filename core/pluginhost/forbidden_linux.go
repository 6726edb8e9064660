package pluginhost

import (
	"slices"

	"golang.org/x/sys/unix"
)

// forbiddenCalls are the system calls that Landlock, in a version of it, has no right
// for, and with which a plugin could reach what it was not granted. What they do
// to a file that is open already, they may: to open it, it had to be granted.
func forbiddenCalls(landlock int) []forbidden {
	all := slices.Concat(attributes, opening, processes, kernel, network, older)
	if landlock < 3 {
		all = append(all, forbidden{call: unix.SYS_TRUNCATE, as: unix.EPERM})
	}
	return all
}

// attributes of a file are changed by its path. Many programs want to, for files of
// their own: they are told that they may not, which most take.
var attributes = []forbidden{
	{call: unix.SYS_FCHMODAT, as: unix.EPERM}, {call: unix.SYS_FCHMODAT2, as: unix.EPERM}, {call: unix.SYS_FCHOWNAT, as: unix.EPERM},
	{call: unix.SYS_UTIMENSAT, as: unix.EPERM, where: []operand{{argument: 1, not: true, pointer: true}}}, // without a path it is for an open file
	{call: unix.SYS_SETXATTR, as: unix.EPERM}, {call: unix.SYS_LSETXATTR, as: unix.EPERM}, {call: unix.SYS_SETXATTRAT, as: unix.EPERM},
	{call: unix.SYS_REMOVEXATTR, as: unix.EPERM}, {call: unix.SYS_LREMOVEXATTR, as: unix.EPERM}, {call: unix.SYS_REMOVEXATTRAT, as: unix.EPERM},
	{call: unix.SYS_FILE_SETATTR, as: unix.EPERM},
}

// opening a file neither for reading nor for writing needs no right of Landlock,
// and is enough to change its attributes. Whoever is told that a call is unknown
// takes the one before it, which can be looked into.
var opening = []forbidden{
	{call: unix.SYS_OPENAT, as: unix.EACCES, where: []operand{{argument: 2, mask: unix.O_ACCMODE, is: unix.O_ACCMODE}}},
	{call: unix.SYS_OPENAT2, as: unix.ENOSYS},
	{call: unix.SYS_OPEN_BY_HANDLE_AT, as: unix.EPERM},
	{call: unix.SYS_IO_URING_SETUP, as: unix.ENOSYS}, // whose work no filter sees
}

// processes of others, among them the host, have limits and priorities that any
// process of the same user could change. 0 is the caller.
var processes = []forbidden{
	{call: unix.SYS_PRLIMIT64, as: unix.EPERM, where: []operand{{argument: 0, not: true}}},
	{call: unix.SYS_SETPRIORITY, as: unix.EPERM, where: []operand{{argument: 0, is: unix.PRIO_USER}}},
	{call: unix.SYS_SETPRIORITY, as: unix.EPERM, where: []operand{{argument: 1, not: true}}},
	{call: unix.SYS_IOPRIO_SET, as: unix.EPERM, where: []operand{{argument: 1, not: true}}},
	{call: unix.SYS_IOPRIO_SET, as: unix.EPERM, where: []operand{{argument: 0, is: ioprioUser}}},
	{call: unix.SYS_SCHED_SETAFFINITY, as: unix.EPERM, where: []operand{{argument: 0, not: true}}},
	{call: unix.SYS_SCHED_SETSCHEDULER, as: unix.EPERM, where: []operand{{argument: 0, not: true}}},
	{call: unix.SYS_SCHED_SETPARAM, as: unix.EPERM, where: []operand{{argument: 0, not: true}}},
	{call: unix.SYS_SCHED_SETATTR, as: unix.EPERM, where: []operand{{argument: 0, not: true}}},
}

const ioprioUser = 3 // IOPRIO_WHO_USER

// kernel is what plugins have no use for, and what most ways out of a sandbox have
// led through. Keys are those of the user, not of the process.
var kernel = []forbidden{
	{call: unix.SYS_UNSHARE, as: unix.EPERM, where: []operand{{argument: 0, mask: unix.CLONE_NEWUSER, not: true}}},
	{call: unix.SYS_CLONE, as: unix.EPERM, where: []operand{{argument: 0, mask: unix.CLONE_NEWUSER, not: true}}},
	{call: unix.SYS_CLONE3, as: unix.ENOSYS}, // which hides what it asks for
	{call: unix.SYS_SETNS, as: unix.EPERM},
	{call: unix.SYS_BPF, as: unix.EPERM}, {call: unix.SYS_PERF_EVENT_OPEN, as: unix.EPERM}, {call: unix.SYS_USERFAULTFD, as: unix.EPERM},
	{call: unix.SYS_KEYCTL, as: unix.EPERM}, {call: unix.SYS_ADD_KEY, as: unix.EPERM}, {call: unix.SYS_REQUEST_KEY, as: unix.EPERM},
}

// network is what becomes a TCP connection without being one to Landlock.
var network = []forbidden{
	{call: unix.SYS_SOCKET, as: unix.EPROTONOSUPPORT, where: []operand{{argument: 2, is: unix.IPPROTO_MPTCP}}},
	{call: unix.SYS_SOCKET, as: unix.EAFNOSUPPORT, where: []operand{{argument: 0, is: unix.AF_SMC}}},
	{call: unix.SYS_SENDTO, as: unix.EOPNOTSUPP, where: []operand{{argument: 3, mask: unix.MSG_FASTOPEN, not: true}}},
	{call: unix.SYS_SENDMSG, as: unix.EOPNOTSUPP, where: []operand{{argument: 2, mask: unix.MSG_FASTOPEN, not: true}}},
	{call: unix.SYS_SENDMMSG, as: unix.EOPNOTSUPP, where: []operand{{argument: 3, mask: unix.MSG_FASTOPEN, not: true}}},
}
