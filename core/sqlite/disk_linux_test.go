package sqlite

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk is set in the process that has a small disk of its own, to where it
// is mounted.
const smallDisk = "XRM_TEST_SMALL_DISK"

// onSmallDisk runs the test that calls it once more, in a process of its own
// that sees a disk of 4 MiB at a folder, and returns that folder there. In the
// first process it returns "" when the other one has ended.
func onSmallDisk(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv(smallDisk); dir != "" {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	other.Env = append(os.Environ(), smallDisk+"="+t.TempDir())
	other.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	var said strings.Builder
	other.Stdout, other.Stderr = &said, &said
	if err := other.Start(); err != nil {
		t.Skipf("no small disk without namespaces of users: %v", err)
	}
	if err := other.Wait(); err != nil {
		t.Errorf("in the process with the small disk: %v\n%s", err, &said)
	}
	return ""
}

func TestADatabaseOnAFullDiskDoesNotCallItselfReady(t *testing.T) {
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
	e, large := m.Entity("thing"), filepath.Join(dir, "large")
	commitAll(t, s, e, things(0, 10))
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("with an empty disk: %v", err)
	}
	if err := os.WriteFile(large, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	stored := 10
	for i := 1; err == nil && i < 1000; i++ {
		if err = s.Commit(t.Context(), e, things(10*i, 10))[0]; err == nil {
			stored += 10
		}
	}
	unavailable(t, err, "The disk of the database is full. Nothing was changed; free some space and try again.")
	for range 2 {
		unavailable(t, s.Ping(t.Context()), "The disk of the database is full. Nothing was changed; free some space and try again.")
	}
	if n := count(t, s, e); n != stored {
		t.Errorf("%d records are stored; want the %d that were acknowledged", n, stored)
	}
	if err := os.Remove(large); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
	commitAll(t, s, e, things(100_000, 10))
	if left, _ := filepath.Glob(filepath.Join(dir, ".room-*")); len(left) > 0 {
		t.Errorf("files are left behind: %v", left)
	}
}
