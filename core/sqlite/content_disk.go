//go:build linux || darwin

package sqlite

import (
	"math"
	"os"
	"syscall"
)

// diskOf is how many bytes are free on the disk of a file, and how many it has in all. A
// disk that does not tell is one that never ends.
func diskOf(file *os.File) (free, all int64) {
	var disk syscall.Statfs_t
	if err := syscall.Fstatfs(int(file.Fd()), &disk); err != nil { //nolint:gosec // a descriptor is small
		return math.MaxInt64, math.MaxInt64
	}
	return int64(disk.Bavail) * int64(disk.Bsize), int64(disk.Blocks) * int64(disk.Bsize) //nolint:gosec,unconvert,nolintlint // types differ between systems
}
