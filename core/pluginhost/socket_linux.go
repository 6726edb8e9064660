package pluginhost

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// socket is what a plugin listens on. It lies in a folder that the plugin writes
// to, who could put a link to any other socket of our user in its place.
type socket struct {
	file *os.File // stands for the socket; nil before it is known
}

// pin returns an address that leads to the socket of this name for as long as it
// is open, whatever bears the name later. It does not follow a link.
func (s *socket) pin(path string) (address string, err error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("find its socket %s: %w", path, err)
	}
	s.file = os.NewFile(uintptr(fd), path)
	info, err := s.file.Stat()
	if err != nil {
		return "", fmt.Errorf("find its socket %s: %w", path, err)
	}
	if info.Mode()&os.ModeSocket == 0 {
		return "", noSocket(path, info.Mode())
	}
	return fmt.Sprintf("/proc/self/fd/%d", fd), nil
}

func (s *socket) close() {
	if s.file != nil {
		_ = s.file.Close() // nothing was written to it
	}
}
