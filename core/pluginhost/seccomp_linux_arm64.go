package pluginhost

import "golang.org/x/sys/unix"

const (
	machine      uint32 = unix.AUDIT_ARCH_AARCH64
	firstForeign uint32 = 1 << 31 // there are none
)

// older are the system calls that only older machines have.
var older []forbidden
