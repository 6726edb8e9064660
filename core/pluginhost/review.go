package pluginhost

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Review is what an admin looks at before approving a plugin.
type Review struct {
	Manifest    Manifest
	Program     string // SHA-256 of the executable
	Interpreter string // what runs the executable, which is not part of what is approved; "" for nothing
	Folder      string // digest of everything in the folder

	Before  *Approval // what is in force now; nil for nothing
	Added   []string  // what it asks for and was not granted, a permission a line
	Removed []string  // what it was granted and does not ask for

	asked *yaml.Node // its needs as they stand in the manifest
}

// Review reads what the plugin in a folder asks for. It runs none of its code.
// Its error is about what would keep the plugin from running.
func (a Approvals) Review(name string) (Review, error) {
	dir := filepath.Join(a.Plugins, name)
	if _, err := os.Stat(filepath.Join(dir, ManifestFile)); err != nil {
		return Review{}, fmt.Errorf("there is no plugin %s in %s: %w", name, a.Plugins, err)
	}
	folder, err := digest(dir)
	if err != nil {
		return Review{}, err
	}
	m, err := ReadManifest(dir, name)
	if err != nil {
		return Review{}, err
	}
	p, err := m.program()
	if err != nil {
		return Review{}, err
	}
	r := Review{Manifest: m, Interpreter: p.runs, Folder: folder}
	if r.Program, err = fileDigest(filepath.Join(dir, p.file)); err != nil {
		return Review{}, err
	}
	if r.asked, err = askedFor(dir); err != nil {
		return Review{}, err
	}
	if now, err := digest(dir); err != nil || now != folder {
		return Review{}, errors.Join(fmt.Errorf("%s changes while it is read; try again", dir), err)
	}
	all, err := a.read()
	if err != nil {
		return Review{}, err
	}
	var granted []string
	if before, ok := all[name]; ok && before.Folder != "" {
		r.Before = &before
		granted = before.Needs.Lines()
	}
	asked := m.Needs.Lines()
	r.Added, r.Removed = without(asked, granted), without(granted, asked)
	return r, nil
}

// askedFor returns the needs of a manifest that is known to be valid, as they
// were written; nil for none.
func askedFor(dir string) (*yaml.Node, error) {
	data, err := readText(filepath.Join(dir, ManifestFile))
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&document); err != nil {
		return nil, err
	}
	needs := lookup(document.Content[0], "needs")
	if line := aliased(needs); line != 0 {
		return nil, fmt.Errorf("%w: %s:%d: an alias may not be part of needs, because what it stands for is not what is looked at; write it out", errInvalid, filepath.Join(dir, ManifestFile), line)
	}
	return needs, nil
}

// aliased returns the line of the first alias in a node; 0 for none.
func aliased(node *yaml.Node) int {
	if node == nil {
		return 0
	}
	if node.Kind == yaml.AliasNode {
		return node.Line
	}
	for _, inner := range node.Content {
		if line := aliased(inner); line != 0 {
			return line
		}
	}
	return 0
}

func without(lines, others []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(others, line) })
}
