package importer

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// settleFile gives a finished file the wanted name and returns the one that
// it got: a file that is there already keeps its name, because somebody may
// have worked on it, and the new one becomes rows-2.csv, rows-3.csv, ...
// unless the two are the same.
func settleFile(file, wanted string) (string, error) {
	own, err := checksum(file)
	if err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		name := numbered(wanted, n)
		claim, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			claim.Close()
			return name, os.Rename(file, name)
		}
		if !errors.Is(err, os.ErrExist) {
			return "", err
		}
		// What cannot be read is not the same.
		if there, err := checksum(name); err == nil && bytes.Equal(there, own) {
			return name, os.Remove(file)
		}
	}
}

func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
}

func checksum(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return sum.Sum(nil), err
}
