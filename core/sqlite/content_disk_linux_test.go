package sqlite

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
)

// Uploads end before the disk is full, so that the database can be written to all the time.
func TestFilesLeaveRoomToTheDatabase(t *testing.T) {
	dir := onSmallDisk(t)
	if dir == "" {
		return
	}
	s, err := Open(filepath.Join(dir, "xrm.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := load(t, planned)
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	id, large := uuid.NewString(), filepath.Join(dir, "large")
	if _, err := s.PutContent(t.Context(), id, bytes.NewReader(make([]byte, 100))); err != nil {
		t.Fatalf("with an empty disk: %v", err)
	}
	refused := func(when string, content io.Reader) {
		t.Helper()
		id := uuid.NewString()
		_, err := s.PutContent(t.Context(), id, content)
		unavailable(t, err, "The disk of the database is full. Nothing was changed; free some space and try again.")
		if _, err = s.OpenContent(t.Context(), id, 0); core.CodeOf(err) != core.NotFound {
			t.Errorf("%s the content is there: %v", when, err)
		}
		if left, err := os.ReadDir(filepath.Join(dir, "xrm.files", incomingFolder)); len(left) > 0 || err != nil {
			t.Errorf("%s there is left: %v, %v", when, left, err)
		}
		commitAll(t, s, m.Entity("thing"), things(len(when)*100, 1))
	}
	refused("more than there is room for,", io.LimitReader(zeros{}, 1<<30))
	if err := fillUp(large); err != nil {
		t.Fatal(err)
	}
	_, err = s.PutContent(t.Context(), uuid.NewString(), bytes.NewReader(make([]byte, 100)))
	unavailable(t, err, "The disk of the database is full. Nothing was changed; free some space and try again.")
	if err := os.Remove(large); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutContent(t.Context(), uuid.NewString(), bytes.NewReader(make([]byte, 1<<20))); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if r, err := s.OpenContent(t.Context(), id, 0); err != nil || r.Close() != nil {
		t.Errorf("the first content: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// fillUp writes a file until nothing more fits.
func fillUp(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	return errors.Join(file.Close(), os.Chmod(path, 0o600))
}
