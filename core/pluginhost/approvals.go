package pluginhost

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
	"golang.org/x/sys/unix"
)

// ApprovalsFile is the name of the file, beside the plugins' folders, that says
// what an admin has allowed.
const ApprovalsFile = "approved.yaml"

// Approval is what an admin has allowed a plugin: one content of its folder,
// and what it may do.
type Approval struct {
	Version  string `yaml:"version" doc:"The version that was looked at."`
	Program  string `yaml:"program" doc:"SHA-256 of the executable."`
	Folder   string `yaml:"folder" doc:"Digest of everything in the folder."`
	Needs    Needs  `yaml:"needs" doc:"What it may do; take a line away to deny it."`
	Disabled bool   `yaml:"disabled" doc:"Whether it must not run."`
	Try      bool   `yaml:"try" doc:"Whether it is only tried what would become of its records; the version before goes on."`
	Restart  string `yaml:"restart" doc:"When it was last told to start again."`
	Allowed  string `yaml:"allowed" doc:"When it was last approved or enabled; what has ended it before that counts no more."`
}

// allowed is when the plugin was last approved or enabled; the zero time when
// nobody knows.
func (a Approval) allowed() time.Time {
	at, _ := time.Parse(time.RFC3339Nano, a.Allowed)
	return at
}

// Approvals is the approvals file of a folder of plugins. A host that runs
// follows what is changed here.
type Approvals struct {
	Plugins string // the folder
}

func (a Approvals) file() string { return filepath.Join(a.Plugins, ApprovalsFile) }

// read returns none when there is no file.
func (a Approvals) read() (map[string]Approval, error) {
	data, err := readText(a.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all map[string]Approval
	if err == nil {
		err = strictyaml.Decode(a.file(), data, &all).Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errInvalid, err)
	}
	for name, one := range all {
		one.Needs.Records.File, one.Needs.Roles.File = a.file(), a.file()
		all[name] = one
	}
	return all, nil
}

// Find returns what an admin has said of a plugin; the zero Approval when that is
// nothing.
func (a Approvals) Find(name string) (Approval, error) {
	all, err := a.read()
	return all[name], err
}

// Shipped are the roles that plugins ship and an admin has accepted.
func (a Approvals) Shipped() (shipped []access.PluginRights, err error) {
	all, err := a.read()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if one := all[name]; !one.Disabled {
			shipped = append(shipped, access.PluginRights{Plugin: name, File: a.file(), Roles: one.Needs.Roles.Node})
		}
	}
	return shipped, err
}

// Approve lets a plugin run with what it asks for, exactly as it was reviewed:
// should its folder have changed since, the host will not run it.
func (a Approvals) Approve(r Review, now time.Time) error { return a.approve(r, false, now) }

// Try lets a running host try what would become of the records of a plugin with the
// version that was reviewed. It does not run else, and nothing is changed.
func (a Approvals) Try(r Review, now time.Time) error { return a.approve(r, true, now) }

func (a Approvals) approve(r Review, try bool, now time.Time) error {
	return a.edit(r.Manifest.Name, func(entry *yaml.Node) {
		set(entry, "version", scalar(r.Manifest.Version))
		set(entry, "program", scalar(r.Program))
		set(entry, "folder", scalar(r.Folder))
		unset(entry, "needs")
		if r.asked != nil {
			set(entry, "needs", r.asked)
		}
		unset(entry, "try")
		if try {
			set(entry, "try", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
		}
		set(entry, "allowed", moment(now))
	})
}

// Disable stops a plugin and keeps it from running. Its records stay, its
// rules no longer hold.
func (a Approvals) Disable(name string) error {
	return a.edit(name, func(entry *yaml.Node) {
		set(entry, "disabled", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	})
}

// Enable takes back Disable, and whatever else has ended the plugin.
func (a Approvals) Enable(name string, now time.Time) error {
	return a.edit(name, func(entry *yaml.Node) {
		unset(entry, "disabled")
		set(entry, "allowed", moment(now))
	})
}

// Restart has a running host start a plugin anew, also one that it has given
// up.
func (a Approvals) Restart(name string, now time.Time) error {
	return a.edit(name, func(entry *yaml.Node) {
		set(entry, "restart", moment(now))
	})
}

// edit changes the entry of one plugin and leaves everything else, comments
// included, as it is. Editors wait for each other; readers see all or nothing.
func (a Approvals) edit(name string, change func(entry *yaml.Node)) error {
	if err := a.rewrite(name, change); err != nil {
		return fmt.Errorf("change %s: %w", a.file(), err)
	}
	return nil
}

func (a Approvals) rewrite(name string, change func(entry *yaml.Node)) error {
	folder, err := os.Open(a.Plugins)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX); err != nil { // until it is closed
		return err
	}
	data, err := readText(a.file())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return err
	}
	if len(document.Content) == 0 {
		document = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}},
			HeadComment: "What may run here. Written by xrm plugin approve, enable, disable and reload."}
	}
	all := document.Content[0]
	if all.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d is not NAME: {...}", all.Line)
	}
	entry := lookup(all, name)
	if entry == nil || entry.Kind != yaml.MappingNode {
		entry = &yaml.Node{Kind: yaml.MappingNode}
		set(all, name, entry)
	}
	change(entry)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(&document), encoder.Close()); err != nil {
		return err
	}
	if err := strictyaml.Decode(a.file(), out.Bytes(), &map[string]Approval{}).Err(); err != nil {
		return err // better no change than a file that nobody can read
	}
	return replace(a.file(), out.Bytes())
}

// replace writes a file so that nobody ever sees half of it.
func replace(file string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-")
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(0o644), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}

func moment(at time.Time) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!timestamp", Value: at.UTC().Format(time.RFC3339Nano)}
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// lookup returns the value of a key of a mapping, or nil.
func lookup(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func set(mapping *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content[i+1] = value
			return
		}
	}
	mapping.Content = append(mapping.Content, scalar(key), value)
}

func unset(mapping *yaml.Node, key string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content = append(mapping.Content[:i], mapping.Content[i+2:]...)
			return
		}
	}
}
