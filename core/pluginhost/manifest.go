package pluginhost

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// ManifestFile is the name of the file that makes a folder a plugin.
const ManifestFile = "plugin.yaml"

// Manifest is what is known of a plugin before any of its code runs.
type Manifest struct {
	Name       string `yaml:"name" doc:"The plugin's name; also the name of its folder."`
	Version    string `yaml:"version" doc:"The plugin's version, for example 1.2.0."`
	Protocol   int    `yaml:"protocol" doc:"The major version of the plugin protocol that it speaks."`
	Executable string `yaml:"executable" doc:"The program, relative to the folder."`

	Dir string `yaml:"-"` // the folder
}

// errIncompatible is wrapped when no restart can help, only another version of
// plugin or host.
var errIncompatible = errors.New("incompatible")

// errInvalid is wrapped when no restart can help, only a mended plugin.
var errInvalid = errors.New("invalid")

// readManifest returns a Manifest with at least name and folder, also when
// there is something wrong with it.
func readManifest(dir string) (Manifest, error) {
	m := Manifest{Dir: dir}
	file := filepath.Join(dir, ManifestFile)
	data, err := os.ReadFile(file)
	if err == nil {
		err = strictyaml.Decode(file, data, &m).Err()
	}
	if err == nil {
		err = m.check(file)
	}
	m.Name = filepath.Base(dir) // unique, whatever the file says
	return m, err
}

func (m Manifest) check(file string) error {
	var problems strictyaml.Problems
	add := func(format string, args ...any) {
		problems = append(problems, strictyaml.Problem{File: file, Message: fmt.Sprintf(format, args...)})
	}
	if folder := filepath.Base(m.Dir); m.Name != folder {
		add("name is %q, but the folder is %q; they must be the same", m.Name, folder)
	}
	if m.Version == "" {
		add("version is missing")
	}
	switch path := filepath.Join(m.Dir, m.Executable); {
	case m.Executable == "":
		add("executable is missing")
	case !filepath.IsLocal(m.Executable):
		add("executable is %q; it must lie within the folder", m.Executable)
	default:
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			add("executable %q is not there", m.Executable)
		}
	}
	if err := problems.Err(); err != nil {
		return err
	}
	if m.Protocol != pluginpb.Protocol {
		return fmt.Errorf("%w: %s speaks plugin protocol %d and this xrm speaks %d; %s", errIncompatible,
			m.Name, m.Protocol, pluginpb.Protocol, whoMoves(m.Protocol))
	}
	return nil
}

// whoMoves says which side has to be upgraded.
func whoMoves(protocol int) string {
	if protocol > pluginpb.Protocol {
		return "upgrade xrm or use an older version of the plugin"
	}
	return "upgrade the plugin"
}

// found is a folder that claims to be a plugin.
type found struct {
	manifest Manifest
	err      error
}

// discover lists the folders with a manifest. A directory that does not exist
// holds no plugins.
func discover(dir string) ([]found, error) {
	if dir == "" {
		return nil, nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the plugin directory: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", ManifestFile))
	if err != nil {
		return nil, fmt.Errorf("find plugins in %s: %w", dir, err)
	}
	slices.Sort(files)
	plugins := make([]found, len(files))
	for i, file := range files {
		plugins[i].manifest, plugins[i].err = readManifest(filepath.Dir(file))
	}
	return plugins, nil
}
