package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// module is something that is linked.
type module struct {
	Path, Version string
	licenses      []string // SPDX identifiers
	papers        []paper
}

// paper is the text of a license, or of what a license asks to be passed on.
type paper struct{ name, text string }

// chosen are the licenses of modules whose own lets one choose among several.
var chosen = map[string][]string{
	"kernel.org/pub/linux/libs/security/libcap/psx": {"BSD-3-Clause"}, // or GPL-2.0
}

// paperNames are how files with licenses are called at the root of a module.
var paperNames = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)`)

// list finds the modules that programs are linked with on Linux, for which
// releases are built, and Go itself, by their paths.
func list(ctx context.Context, dir string, programs []string) ([]module, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-deps", "-json=Module"}, programs...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list what is linked: %w\n%s", err, &failure)
	}
	at := map[string]module{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		if m := p.Module; m != nil && !m.Main {
			at[m.Dir] = module{Path: m.Path, Version: m.Version}
		}
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("find Go: %w", err)
	}
	at[strings.TrimSpace(string(root))] = module{Path: "Go, its runtime and standard library"}
	var all []module
	for dir, m := range at {
		if err := m.read(dir); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// read reads the licenses of a module. One that has none that is known is an
// error: nobody may give it away.
func (m *module) read(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read the license of %s: %w", m.Path, err)
	}
	for _, file := range files {
		if file.IsDir() || !paperNames.MatchString(file.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			return fmt.Errorf("read the license of %s: %w", m.Path, err)
		}
		m.papers = append(m.papers, paper{file.Name(), strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))})
		for _, found := range licensecheck.Scan(text).Match {
			if !slices.Contains(m.licenses, found.ID) {
				m.licenses = append(m.licenses, found.ID)
			}
		}
	}
	slices.Sort(m.licenses)
	if one := chosen[m.Path]; one != nil {
		m.licenses = one
	}
	if len(m.licenses) == 0 {
		return fmt.Errorf("%s %s has no license that is known: look at it, and do without it if it may not be given away", m.Path, m.Version)
	}
	return nil
}
