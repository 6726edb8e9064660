package pluginhost

import (
	"bufio"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// program is what is executed: a file of the plugin, alone or in the hands of
// an interpreter.
type program struct {
	file        string // relative to the folder
	interpreter string // that the command line begins with; "" when the file runs by itself
	runs        string // what the kernel runs in the end, where that is not the file
}

// system is how executables name this machine.
const system = runtime.GOOS + "/" + runtime.GOARCH

// program finds what to execute in the manifest's folder, and what would keep
// it from starting.
func (m Manifest) program() (program, error) {
	p := program{file: m.Executable}
	if len(m.Executables) > 0 {
		if p.file = m.Executables[system]; p.file == "" {
			return p, fmt.Errorf("%w: %s %s is built for %s, and this machine is %s; get a build for it", errIncompatible,
				m.Name, m.Version, strings.Join(slices.Sorted(maps.Keys(m.Executables)), ", "), system)
		}
	}
	path := filepath.Join(m.Dir, p.file)
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return p, fmt.Errorf("%w: %s: executable %q is not there", errInvalid, filepath.Join(m.Dir, ManifestFile), p.file)
	}
	if m.Interpreter != "" {
		p.interpreter, err = lookPath(filepath.Join(m.Dir, ManifestFile), m.Interpreter)
		p.runs = p.interpreter
		return p, err
	}
	if info.Mode()&0o111 == 0 {
		return p, fmt.Errorf("%w: %s may not be executed; run chmod +x on it, or name an interpreter in %s", errInvalid, path, ManifestFile)
	}
	p.runs, err = runnable(path)
	return p, err
}

// runnable refuses what the kernel would refuse, in better words. It returns
// the interpreter of a script.
func runnable(path string) (interpreter string, err error) {
	f, err := openFile(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errInvalid, err)
	}
	defer f.Close()
	start, _ := bufio.NewReader(f).Peek(256) // a shorter file gives what it has
	switch {
	case bytes.HasPrefix(start, []byte("#!")):
		line, _, _ := bytes.Cut(start[2:], []byte("\n"))
		return shebang(path, strings.Fields(string(line)))
	case bytes.HasPrefix(start, []byte(elf.ELFMAG)):
		return "", builtForThis(path, f)
	case runtime.GOOS == "linux":
		return "", fmt.Errorf("%w: %s is neither a script that begins with #! nor a program for linux", errInvalid, path)
	}
	return "", nil
}

func shebang(path string, words []string) (interpreter string, err error) {
	if len(words) == 0 {
		return "", fmt.Errorf("%w: %s begins with #! but names no interpreter", errInvalid, path)
	}
	if _, err := os.Stat(words[0]); err != nil {
		return "", fmt.Errorf("%w: %s:1: it is run by %s, which is not there; install it, or name another", errInvalid, path, words[0])
	}
	if filepath.Base(words[0]) == "env" && len(words) > 1 && !strings.HasPrefix(words[1], "-") {
		return lookPath(path+":1", words[1])
	}
	return words[0], nil
}

// lookPath finds an interpreter in PATH. place is where it is named.
func lookPath(place, interpreter string) (string, error) {
	path, err := exec.LookPath(interpreter)
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%w: %s: it is run by %s, which is not in PATH (%s); install it, or name another", errInvalid, place, interpreter, os.Getenv("PATH"))
	}
	if err != nil {
		return "", fmt.Errorf("%w: %s: it is run by %s: %w", errInvalid, place, interpreter, err)
	}
	return filepath.Abs(path)
}

// machines are the names of Go for what ELF files are built for.
func machines() map[elf.Machine]string {
	return map[elf.Machine]string{
		elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_386: "386", elf.EM_ARM: "arm",
		elf.EM_RISCV: "riscv64", elf.EM_S390: "s390x", elf.EM_PPC64: "ppc64le", elf.EM_LOONGARCH: "loong64",
	}
}

func builtForThis(path string, f *os.File) error {
	file, err := elf.NewFile(f)
	if err != nil {
		return fmt.Errorf("%w: %s cannot be read as a program: %w", errInvalid, path, err)
	}
	if built := machines()[file.Machine]; built != runtime.GOARCH || runtime.GOOS != "linux" {
		return fmt.Errorf("%w: %s is built for linux/%s, and this machine is %s; get a build for it", errIncompatible, path, built, system)
	}
	return nil
}

// command is the command line that runs a copy of the folder.
func (p program) command(dir string) []string {
	file := filepath.Join(dir, p.file)
	if p.interpreter != "" {
		return []string{p.interpreter, file}
	}
	return []string{file}
}
