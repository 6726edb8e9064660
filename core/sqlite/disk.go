package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/openxrm/xrm/core"
	sqlite3 "modernc.org/sqlite/lib"
)

// room is how much its disk must take for a database to be called ready again
// after a write has failed: some transactions, with the log that they grow. Bytes.
const room = 1 << 20

// noteDisk remembers an error of a write that the disk is to blame for.
func (s *Store) noteDisk(err error) {
	switch codeOf(err) & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		s.doubtful.Store(true)
	}
}

// checkDisk says whether the disk takes writes, by a write of its own once one of
// the database has failed: how many blocks are free does not tell about quotas.
func (s *Store) checkDisk() error {
	if s.file == "" || !s.doubtful.Load() {
		return nil
	}
	err := tryWrite(filepath.Dir(s.file))
	switch {
	case err == nil:
		s.doubtful.Store(false)
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &core.Error{Code: core.Unavailable, Message: core.DiskFull, Cause: err}
	}
	return &core.Error{Code: core.Unavailable, Message: ioFailed, Cause: err}
}

// tryWrite writes a file that is gone afterwards.
func tryWrite(dir string) error {
	file, err := os.CreateTemp(dir, ".room-")
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, room))
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close(), os.Remove(file.Name()))
}
