package pluginhost

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// openFile opens a file, and nothing that only looks like one: a pipe would be
// waited for until somebody writes to it, and a device never ends.
func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// maxText is far more than a person writes.
const maxText = 1 << 20

// readText reads a file that a person writes.
func readText(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err == nil && len(data) > maxText {
		err = fmt.Errorf("%s has more than %d MiB", path, maxText>>20)
	}
	return data, err
}
