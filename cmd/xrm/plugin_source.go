package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/conformance"
)

// pluginSource is the folder in which somebody writes a plugin.
type pluginSource struct {
	dir      string // absolute
	language string // "" for one that nothing is known about
	program  conformance.Program
	binary   string // absolute; where go build puts the program, which is in dir unless said otherwise
}

func readPluginSource(dir string) (pluginSource, error) {
	if err := isFolder(dir); err != nil {
		return pluginSource{}, err
	}
	program, err := conformance.ReadProgram(dir)
	if err != nil {
		return pluginSource{}, err
	}
	if program.Name == "" || program.Version == "" {
		return pluginSource{}, fmt.Errorf("%s: name or version is missing", filepath.Join(dir, "plugin.yaml"))
	}
	s := pluginSource{dir: program.Dir, program: program, binary: filepath.Join(program.Dir, program.File)}
	for _, sign := range []struct{ pattern, language string }{{"*.go", "go"}, {"package.json", "node"}, {"*.py", "python"}} {
		if found, _ := filepath.Glob(filepath.Join(s.dir, sign.pattern)); len(found) > 0 { // the pattern is well-formed
			s.language = sign.language
			break
		}
	}
	return s, nil
}

// build makes what plugin.yaml calls the executable, and all that it needs.
func (s pluginSource) build(ctx context.Context, out io.Writer) error {
	switch {
	case s.has("build.sh"):
		return s.run(ctx, out, "sh", "build.sh")
	case s.language == "go":
		return s.run(ctx, out, "go", "build", "-trimpath", "-buildvcs=false", "-o", s.binary, ".")
	case s.language == "node" && !s.has("node_modules"):
		return s.run(ctx, out, "npm", "install", "--no-audit", "--no-fund")
	}
	return nil
}

// test runs the plugin's own tests.
func (s pluginSource) test(ctx context.Context, out io.Writer) error {
	switch s.language {
	case "go":
		return s.run(ctx, out, "go", "test", "./...")
	case "node":
		return s.run(ctx, out, "npm", "test", "--silent")
	case "python":
		return s.run(ctx, out, s.python(), "-m", "unittest", "discover")
	}
	return nil
}

// run says what it does before it does it. The tests of plugins in Python and Node.js find
// their host in XRM_BIN: it is this program.
func (s pluginSource) run(ctx context.Context, out io.Writer, command ...string) error {
	fmt.Fprintf(out, "%s\n", strings.Join(command, " "))
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	if self, err := os.Executable(); err == nil && s.language != "go" && os.Getenv("XRM_BIN") == "" {
		cmd.Env = append(os.Environ(), "XRM_BIN="+self)
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s in %s: %w", command[0], s.dir, err)
	}
	return nil
}

func (s pluginSource) has(name string) bool {
	_, err := os.Stat(filepath.Join(s.dir, name))
	return err == nil
}

// python is the one that runs the plugin: others may lack its packages.
func (s pluginSource) python() string {
	if s.program.Interpreter != "" {
		return s.program.Interpreter
	}
	file, err := os.Open(filepath.Join(s.dir, s.program.File))
	if err != nil {
		return "python3"
	}
	defer file.Close()
	first, _ := bufio.NewReader(file).ReadString('\n') // a shorter file has no such line
	interpreter, isScript := strings.CutPrefix(strings.TrimSpace(first), "#!")
	if !isScript || strings.Contains(interpreter, " ") {
		return "python3"
	}
	return interpreter
}

// buildIn is build, but leaves no program in the source: where go build makes
// it, it is made in a folder that is for that alone.
func (s pluginSource) buildIn(ctx context.Context, out io.Writer, folder string) (pluginSource, error) {
	if s.language == "go" && !s.has("build.sh") {
		s.binary = filepath.Join(folder, filepath.Base(s.program.File))
	}
	return s, s.build(ctx, out)
}

func (s pluginSource) isElsewhere() bool { return s.binary != filepath.Join(s.dir, s.program.File) }

// installedFile is one file of a plugin as it lies on a server.
type installedFile struct {
	name       string // relative, with slashes
	path       string
	executable bool
}

// installed lists what belongs on a server, sorted: of a program in Go that
// itself and its papers, of any other the whole folder but what is hidden.
func (s pluginSource) installed() ([]installedFile, error) {
	var files []installedFile
	err := eachFile(s.dir, "", func(name string, info fs.FileInfo) {
		if s.isInstalled(name) {
			files = append(files, installedFile{name: name, path: filepath.Join(s.dir, filepath.FromSlash(name)), executable: info.Mode()&0o111 != 0})
		}
	})
	if s.isElsewhere() {
		program := filepath.ToSlash(s.program.File)
		files = slices.DeleteFunc(files, func(f installedFile) bool { return f.name == program })
		files = append(files, installedFile{name: program, path: s.binary, executable: true})
	}
	if err != nil {
		return nil, fmt.Errorf("read the plugin: %w", err)
	}
	slices.SortFunc(files, func(a, b installedFile) int { return cmp.Compare(a.name, b.name) })
	return files, nil
}

// eachFile visits the files of a folder, by their names with slashes. What a link
// leads to is as if it lay there: the SDK of a plugin in Python, say.
func eachFile(dir, within string, visit func(name string, info fs.FileInfo)) error {
	entries, err := os.ReadDir(filepath.Join(dir, filepath.FromSlash(within)))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := path.Join(within, entry.Name())
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		switch {
		case err != nil:
			return err
		case !info.IsDir():
			visit(name, info)
		case holdsInstalled(entry.Name()):
			if err := eachFile(dir, name, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdsInstalled says whether a folder may have something that belongs on a
// server.
func holdsInstalled(folder string) bool {
	return !strings.HasPrefix(folder, ".") && folder != "__pycache__"
}

func (s pluginSource) isInstalled(name string) bool {
	if s.language == "go" {
		return name == filepath.ToSlash(s.program.File) || name == "plugin.yaml" || name == "README.md" || strings.HasPrefix(name, "LICENSE")
	}
	return !strings.HasPrefix(path.Base(name), ".") && !strings.HasSuffix(name, ".tar.gz") // packed earlier
}
