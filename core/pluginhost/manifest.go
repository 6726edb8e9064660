package pluginhost

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"golang.org/x/mod/semver"
)

// ManifestFile is the name of the file that makes a folder a plugin.
const ManifestFile = "plugin.yaml"

// Manifest is what is known of a plugin before any of its code runs.
type Manifest struct {
	Name        string               `yaml:"name" doc:"The plugin's name; also the name of its folder."`
	Version     string               `yaml:"version" doc:"The plugin's version, for example 1.2.0."`
	Protocol    int                  `yaml:"protocol" doc:"The major version of the plugin protocol that it speaks."`
	Executable  string               `yaml:"executable" doc:"The program, relative to the folder."`
	Executables map[string]string    `yaml:"executables" doc:"Instead of executable: the program for each system, such as linux/amd64."`
	Interpreter string               `yaml:"interpreter" doc:"The program that runs the executable, such as python3; looked for in PATH."`
	Features    []string             `yaml:"features" doc:"What the host must be able to do."`
	Requires    Requirements         `yaml:"requires" doc:"The versions that it runs with."`
	Needs       Needs                `yaml:"needs" doc:"What it must be allowed to do."`
	OnFailure   map[string]OnFailure `yaml:"onFailure" doc:"What becomes of a save when the rule for the entity does not answer: deny, which is the default, or allow."`
	Timeouts    Timeouts             `yaml:"timeouts" doc:"How long its calls may take."`
	Limits      Limits               `yaml:"limits" doc:"How much it may use."`
	Exclusive   bool                 `yaml:"exclusive" doc:"Whether the old version must be stopped before a new one starts."`

	Dir string `yaml:"-"` // the folder
}

// Requirements names versions of what a plugin runs with.
type Requirements struct {
	XRM string `yaml:"xrm" doc:"Bounds that all must hold, such as \">=1.2 <2\"."`
}

// Timeouts bound calls by their kind; 0 leaves it to whoever decides next: the
// site's settings, then the manifest, then the host.
type Timeouts struct {
	Save     time.Duration `yaml:"save" doc:"For a rule; at most 2s in a manifest."`
	Query    time.Duration `yaml:"query" doc:"For a query or a computed field; at most 10s in a manifest."`
	Mutation time.Duration `yaml:"mutation" doc:"For a mutation; at most 30s in a manifest."`
}

// Limits bound what a plugin uses; 0 and "" leave it to whoever decides next.
type Limits struct {
	Concurrency int    `yaml:"concurrency" doc:"How many calls may run at once; 32."`
	Memory      Memory `yaml:"memory" doc:"What a plugin in Go tries to stay below, such as 256MiB."`
}

// errIncompatible is wrapped when no restart can help, only another version of
// plugin or host.
var errIncompatible = errors.New("incompatible")

// errInvalid is wrapped when no restart can help, only a mended plugin.
var errInvalid = errors.New("invalid")

// ReadManifest returns a Manifest with at least name and folder, also when
// there is something wrong with it. name is what it must be called.
func ReadManifest(dir, name string) (Manifest, error) {
	m := Manifest{Dir: dir}
	file := filepath.Join(dir, ManifestFile)
	data, err := readText(file)
	if err == nil {
		err = strictyaml.Decode(file, data, &m).Err()
	}
	m.Needs.Records.File, m.Needs.Roles.File = file, file
	if err == nil {
		err = m.check(file, name)
	}
	m.Name = name // unique, whatever the file says
	if err != nil {
		return m, fmt.Errorf("%w: %w", errInvalid, err)
	}
	return m, m.compatible()
}

func (m Manifest) check(file, folder string) error {
	var problems strictyaml.Problems
	add := func(format string, args ...any) {
		problems = append(problems, strictyaml.Problem{File: file, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case m.Name != folder:
		add("name is %q, but the folder is %q; they must be the same", m.Name, folder)
	case !naming.Plugin.MatchString(m.Name) || m.Name+".yaml" == ApprovalsFile:
		add("name is %q; use another of lower-case letters, digits and dashes, such as fax-server", m.Name)
	}
	for name := range m.Needs.Roles.entries() {
		if !naming.API.MatchString(name.Value) {
			add("needs.roles: %q cannot be the name of a role; use camelCase", name.Value)
		}
	}
	if m.Version == "" {
		add("version is missing")
	}
	switch {
	case m.Executable == "" && len(m.Executables) == 0:
		add("executable is missing")
	case m.Executable != "" && len(m.Executables) > 0:
		add("executable and executables exclude each other")
	}
	for _, path := range m.programs() {
		if !filepath.IsLocal(path) {
			add("executable is %q; it must lie within the folder", path)
		}
	}
	if _, err := bounds(m.Requires.XRM); err != nil {
		add("requires.xrm is %q: %s", m.Requires.XRM, err)
	}
	for name, t := range map[string]struct{ asked, most time.Duration }{
		"save": {m.Timeouts.Save, 2 * time.Second}, "query": {m.Timeouts.Query, 10 * time.Second}, "mutation": {m.Timeouts.Mutation, 30 * time.Second},
	} {
		if t.asked < 0 || t.asked > t.most {
			add("timeouts.%s is %s; it must be more than 0 and at most %s, beyond which only the site's own settings can go", name, t.asked, t.most)
		}
	}
	if m.Limits.Concurrency < 0 {
		add("limits.concurrency is %d; it must be more than 0", m.Limits.Concurrency)
	}
	return problems.Err()
}

// programs lists the executables for all systems.
func (m Manifest) programs() []string {
	var list []string
	if m.Executable != "" {
		list = append(list, m.Executable)
	}
	for _, system := range slices.Sorted(maps.Keys(m.Executables)) {
		list = append(list, m.Executables[system])
	}
	return list
}

// features are what a manifest may ask for; a host never loses one.
func features() []string {
	return append([]string{"beforeSave", "fields", "operations"}, contract.Features()...)
}

// compatible refuses what this host does not speak or cannot do.
func (m Manifest) compatible() error {
	if m.Protocol != pluginpb.Protocol {
		return fmt.Errorf("%w: %s speaks plugin protocol %d and this xrm speaks %d; %s", errIncompatible,
			m.Name, m.Protocol, pluginpb.Protocol, whoMoves(m.Protocol))
	}
	for _, f := range m.Features {
		if !slices.Contains(features(), f) {
			return fmt.Errorf("%w: %s needs the feature %q, which this xrm does not have%s; upgrade xrm or use an older version of the plugin", errIncompatible,
				m.Name, f, strictyaml.Suggest(f, features()))
		}
	}
	return nil
}

// runsWith refuses a version of xrm that the manifest excludes. A version that
// is none, such as that of a development build, runs everything.
func (m Manifest) runsWith(version string) error {
	wanted, _ := bounds(m.Requires.XRM) // checked when it was read
	if version = "v" + strings.TrimPrefix(version, "v"); !semver.IsValid(version) || strings.HasPrefix(version, "v0.0.0-") {
		return nil
	}
	for _, b := range wanted {
		if !b.holds(version) {
			return fmt.Errorf("%w: %s %s runs with xrm %s, and this is xrm %s; use another version of one of them", errIncompatible,
				m.Name, m.Version, m.Requires.XRM, version[1:])
		}
	}
	return nil
}

// bound is one condition on a version: ">=1.2".
type bound struct{ operator, version string }

func bounds(text string) ([]bound, error) {
	var list []bound
	for _, word := range strings.Fields(text) {
		version := strings.TrimLeft(word, "<>=")
		b := bound{operator: word[:len(word)-len(version)], version: "v" + version}
		if !slices.Contains([]string{"<", "<=", ">", ">=", "="}, b.operator) || !semver.IsValid(b.version) {
			return nil, fmt.Errorf("%q is no bound such as >=1.2 or <2", word)
		}
		list = append(list, b)
	}
	return list, nil
}

func (b bound) holds(version string) bool {
	order := semver.Compare(version, b.version)
	switch b.operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	return order == 0
}

// whoMoves says which side has to be upgraded.
func whoMoves(protocol int) string {
	if protocol > pluginpb.Protocol {
		return "upgrade xrm or use an older version of the plugin"
	}
	return "upgrade the plugin"
}
