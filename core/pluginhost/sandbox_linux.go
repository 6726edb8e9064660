package pluginhost

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	abi "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// openFiles is plenty for a plugin, and keeps a leak from taking the machine.
const openFiles = 4096

// enter locks this process, and whatever it executes, in. What the kernel does
// not know is left out.
func (s sandbox) enter() error {
	runtime.LockOSThread() // what belongs to a thread is to outlive exec in this one
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("die with the host: %w", err)
	}
	if os.Getppid() != s.Host {
		return errors.New("die with the host: it has gone already")
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up privileges: %w", err)
	}
	if err := dropCapabilities(); err != nil {
		return err
	}
	for resource, most := range map[int]uint64{unix.RLIMIT_NOFILE: openFiles, unix.RLIMIT_CORE: 0} {
		if err := limit(resource, most); err != nil {
			return err
		}
	}
	version := landlockVersion()
	if err := s.landlock(version); err != nil {
		return err
	}
	return filterCalls(forbiddenCalls(version))
}

// landlockVersion is 0 on a kernel without it.
func landlockVersion() int {
	version, err := abi.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return version
}

// missing lists what a plugin can do because this kernel lacks a part of the
// sandbox.
func missing() (list []string) {
	for _, part := range []struct {
		since int
		so    string
	}{
		{1, "read and change every file that xrm can"}, {4, "use every TCP port"}, {6, "send signals to xrm"},
	} {
		if landlockVersion() < part.since {
			list = append(list, part.so)
		}
	}
	if !canFilter() {
		list = append(list, "change the modes and times of files outside its folders")
	}
	return list
}

// dropCapabilities makes a root without privileges of what is executed next:
// with them it could read the host's environment and memory in spite of Landlock.
// Which ports it may listen on is for Landlock to say.
func dropCapabilities() error {
	for capability := range uintptr(unix.CAP_LAST_CAP + 1) {
		if capability == unix.CAP_NET_BIND_SERVICE {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0)
		if err == unix.EPERM {
			return nil // not root, so there are none
		}
		if err != nil && err != unix.EINVAL { // one that the kernel does not know
			return fmt.Errorf("give up capability %d: %w", capability, err)
		}
	}
	return nil
}

// limit goes through syscall, where Go remembers what to give to a child.
func limit(resource int, most uint64) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(resource, &now); err != nil {
		return fmt.Errorf("read limit %d: %w", resource, err)
	}
	most = min(most, now.Max)
	if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
		return fmt.Errorf("set limit %d: %w", resource, err)
	}
	return nil
}

// landlock allows the files and ports. Of the versions it takes the last before
// those that also restrict UDP and with it names: none of them was tried here.
func (s sandbox) landlock(version int) error {
	write := landlock.RWDirs(s.Write...).IgnoreIfMissing()
	if version >= 2 {
		// Files may move from one folder to another. Whoever asks the first version
		// for that is not locked in at all.
		write = write.WithRefer()
	}
	rules := []landlock.Rule{
		landlock.RODirs(s.Read...),
		landlock.RODirs("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/proc").IgnoreIfMissing(),
		landlock.RODirs("/sys/fs/cgroup", "/sys/devices/system/cpu", "/sys/kernel/mm").IgnoreIfMissing(),
		landlock.RODirs("/run/systemd/resolve", "/run/resolvconf").IgnoreIfMissing(), // where /etc/resolv.conf may lead
		landlock.ROFiles("/dev/random", "/dev/urandom").IgnoreIfMissing(),
		landlock.RWFiles("/dev/null", "/dev/zero", "/dev/full").IgnoreIfMissing(),
		write,
	}
	for _, port := range s.Connect {
		rules = append(rules, landlock.ConnectTCP(uint16(port)))
	}
	for _, port := range s.Listen {
		rules = append(rules, landlock.BindTCP(uint16(port)))
	}
	if err := landlock.V8.BestEffort().Restrict(rules...); err != nil {
		return fmt.Errorf("restrict files and ports: %w", err)
	}
	return nil
}
