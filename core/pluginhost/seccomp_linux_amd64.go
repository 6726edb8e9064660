package pluginhost

import "golang.org/x/sys/unix"

const (
	machine      uint32 = unix.AUDIT_ARCH_X86_64
	firstForeign uint32 = 0x40000000 // of the numbers of x32
)

// older are the system calls that only old machines have, to the same effect as
// later ones.
var older = []forbidden{
	{call: unix.SYS_OPEN, as: unix.EACCES, where: []operand{{argument: 1, mask: unix.O_ACCMODE, is: unix.O_ACCMODE}}},
	{call: unix.SYS_CHMOD, as: unix.EPERM}, {call: unix.SYS_CHOWN, as: unix.EPERM}, {call: unix.SYS_LCHOWN, as: unix.EPERM},
	{call: unix.SYS_UTIME, as: unix.EPERM}, {call: unix.SYS_UTIMES, as: unix.EPERM}, {call: unix.SYS_FUTIMESAT, as: unix.EPERM},
}
