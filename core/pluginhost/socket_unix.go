//go:build unix && !linux

package pluginhost

import (
	"fmt"
	"os"
)

// socket is what a plugin listens on.
type socket struct{}

// pin returns the address of the socket of this name, and refuses a link. Here a
// plugin, which is in no sandbox either, can put one in its place afterwards.
func (socket) pin(path string) (address string, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", fmt.Errorf("find its socket: %w", err)
	}
	if info.Mode()&os.ModeSocket == 0 {
		return "", noSocket(path, info.Mode())
	}
	return path, nil
}

func (socket) close() {}
