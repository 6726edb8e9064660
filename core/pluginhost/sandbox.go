package pluginhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// sandbox is what a process may reach. SANDBOX.md says what that is worth.
type sandbox struct {
	Host    int      // the process that must be there as long as the plugin is
	Read    []string // folders to read from and to execute in
	Write   []string // folders to read, write and execute in
	Connect []Port
	Listen  []Port
}

// sandbox lets a plugin read its own copy and what it takes to run programs,
// and write where the host expects it to.
func (p *process) sandbox() sandbox {
	s := sandbox{
		Host: os.Getpid(), Read: append([]string{p.manifest.Dir}, installation(p.program.runs)...), Write: []string{p.dir, p.state},
		Connect: p.terms.Needs.Connect, Listen: p.terms.Needs.Listen,
	}
	for _, folder := range p.terms.Needs.Files {
		s.Write = append(s.Write, string(folder))
	}
	return s
}

// installation is where an interpreter and its libraries lie: its folder, or
// the one above if that looks like bin and lib.
func installation(interpreter string) []string {
	path, err := filepath.EvalSymlinks(interpreter)
	if interpreter == "" || err != nil {
		return nil
	}
	bin := filepath.Dir(path)
	if info, err := os.Stat(filepath.Join(filepath.Dir(bin), "lib")); err == nil && info.IsDir() && filepath.Dir(bin) != "/" {
		return []string{filepath.Dir(bin)}
	}
	return []string{bin}
}

// arguments are what Exec takes, for a command line.
func (s sandbox) arguments(argv []string) []string {
	encoded, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and numbers
	}
	return append([]string{string(encoded)}, argv...)
}

// Exec locks this process into a sandbox and becomes the plugin. Config.Shim
// leads here; args are those after it. It returns only when that fails.
func Exec(args []string) error {
	if len(args) < 2 {
		return errors.New("run a plugin: this is for the plugin host, not for people")
	}
	var s sandbox
	if err := json.Unmarshal([]byte(args[0]), &s); err != nil {
		return fmt.Errorf("run a plugin: %w", err)
	}
	path, err := exec.LookPath(args[1])
	if err != nil {
		return fmt.Errorf("run a plugin: %w", err)
	}
	if err := s.enter(); err != nil {
		return fmt.Errorf("lock %s into its sandbox: %w", args[1], err)
	}
	return fmt.Errorf("run %s: %w", args[1], syscall.Exec(path, args[1:], os.Environ()))
}
