package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/openxrm/xrm/sdk/contract/extension"
	"go.yaml.in/yaml/v3"
)

// Program is a plugin that can be started.
type Program struct {
	Name, Version string          // as in plugin.yaml; "" where there is none
	Exclusive     bool            // must not run twice at once
	Dir           string          // absolute; where it runs
	File          string          // within Dir
	Interpreter   string          // absolute; "" for a program that runs by itself
	Needs         extension.Needs // as in plugin.yaml

	nameLine, versionLine int // in plugin.yaml; 0 where they are not there
}

// ReadProgram finds the program in a plugin's folder by its plugin.yaml, or
// takes the path of a program that has none beside it.
func ReadProgram(path string) (Program, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Program{}, fmt.Errorf("find the plugin: %w", err)
	}
	p := Program{Dir: path}
	if !info.IsDir() {
		p.Dir, p.File = filepath.Dir(path), filepath.Base(path)
	}
	if p.Dir, err = filepath.Abs(p.Dir); err != nil {
		return Program{}, fmt.Errorf("find the plugin: %w", err)
	}
	file := filepath.Join(p.Dir, "plugin.yaml")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && p.File != "" {
		return p, nil
	}
	if err != nil {
		return Program{}, fmt.Errorf("read the manifest: %w", err)
	}
	return p, p.read(file, data)
}

// read takes from a manifest what it takes to start the program. The host is
// stricter about the rest.
func (p *Program) read(file string, data []byte) error {
	var manifest struct {
		Name, Version           placed
		Executable, Interpreter string
		Executables             map[string]string
		Exclusive               bool
		Needs                   extension.Needs
	}
	if err := yaml.Unmarshal(data, &manifest); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	p.Name, p.Version, p.Exclusive = manifest.Name.text, manifest.Version.text, manifest.Exclusive
	p.Needs = manifest.Needs
	p.nameLine, p.versionLine = manifest.Name.line, manifest.Version.line
	system := runtime.GOOS + "/" + runtime.GOARCH
	executable := manifest.Executable
	if len(manifest.Executables) > 0 {
		executable = manifest.Executables[system]
	}
	if p.File == "" {
		p.File = executable
	}
	switch {
	case executable == "" && len(manifest.Executables) > 0:
		return fmt.Errorf("%s: executables has none for %s, which is this machine", file, system)
	case executable == "":
		return fmt.Errorf("%s: executable is missing; name the program within the folder", file)
	case !filepath.IsLocal(executable):
		return fmt.Errorf("%s: executable is %q; it must lie within the folder", file, executable)
	}
	if manifest.Interpreter == "" {
		return nil
	}
	interpreter, err := exec.LookPath(manifest.Interpreter)
	if err != nil {
		return fmt.Errorf("%s: it is run by %s: %w; install it", file, manifest.Interpreter, err)
	}
	p.Interpreter, err = filepath.Abs(interpreter)
	return err
}

// placed is a text and where it stands.
type placed struct {
	text string
	line int
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *placed) UnmarshalYAML(node *yaml.Node) error {
	p.line = node.Line
	return node.Decode(&p.text)
}

// command is ready to be started.
func (p Program) command() *exec.Cmd {
	path := filepath.Join(p.Dir, p.File)
	cmd := exec.Command(path)
	if p.Interpreter != "" {
		cmd = exec.Command(p.Interpreter, path)
	}
	cmd.Dir = p.Dir
	return cmd
}
