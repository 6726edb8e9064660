package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/node"
	"github.com/openxrm/xrm/sdk/python"
)

//go:embed all:templates
var templates embed.FS

// Languages are those that a plugin can be written in from here.
func Languages() []string { return []string{"go", "python", "node"} }

// Plugin is what is to be written.
type Plugin struct {
	Name       string // of lower-case letters, digits and hyphens
	Language   string // one of Languages
	Module     string // Go: its path; "" for a plugin within the module of xrm
	XRMFolder  string // Go: where the source of xrm lies; "" for the version that go downloads
	XRMVersion string // Go: which one that is; "" for the newest
}

var pluginName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Write makes the folder, which must not be there yet, and returns the files
// in it, sorted.
func Write(dir string, p Plugin) ([]string, error) {
	files, err := p.files()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the plugin: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s is there already and is not overwritten; choose another name or folder", dir)
	} else if err != nil {
		return nil, fmt.Errorf("make the folder of the plugin: %w", err)
	}
	var names []string
	for name, content := range files {
		names = append(names, name)
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, fmt.Errorf("write the plugin: %w", err)
		}
		mode := fs.FileMode(0o644)
		if bytes.HasPrefix(content, []byte("#!")) {
			mode = 0o755
		}
		if err := os.WriteFile(file, content, mode); err != nil {
			return nil, fmt.Errorf("write the plugin: %w", err)
		}
	}
	slices.Sort(names)
	return names, nil
}

// files renders everything, by path within the plugin's folder.
func (p Plugin) files() (map[string][]byte, error) {
	if !pluginName.MatchString(p.Name) {
		return nil, fmt.Errorf("%q cannot be the name of a plugin; use lower-case letters, digits and hyphens, such as service-call", p.Name)
	}
	if !slices.Contains(Languages(), p.Language) {
		return nil, fmt.Errorf("there is no template in %q, only in %s%s", p.Language, strings.Join(Languages(), ", "), strictyaml.Suggest(p.Language, Languages()))
	}
	files := map[string][]byte{}
	for _, from := range []string{"templates/all", "templates/" + p.Language} {
		if err := p.render(from, files); err != nil {
			return nil, err
		}
	}
	if p.Module == "" {
		delete(files, "go.mod")
	}
	if err := addSDK(files, map[string]embed.FS{"python": python.Files, "node": node.Files}[p.Language]); err != nil {
		return nil, err
	}
	return files, p.checkEntity(files)
}

func (p Plugin) render(from string, files map[string][]byte) error {
	return fs.WalkDir(templates, from, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := templates.ReadFile(file)
		if err != nil {
			return err
		}
		parsed, err := template.New(file).Parse(string(text))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := parsed.Execute(&b, p.words()); err != nil {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, from+"/"), ".tmpl")
		files[strings.ReplaceAll(name, "NAME", p.Name)] = b.Bytes()
		return nil
	})
}

// words are what the templates say of a plugin.
type words struct {
	Plugin
	Executable string
	Entity     string // serviceCall
	Class      string // ServiceCall
	Words      string // service call
	Title      string // Service call
	Field      string // plannedServiceCalls
	GoVersion  string
}

// goVersion is the one that the module of xrm asks for.
const goVersion = "1.26.0"

func (p Plugin) words() words {
	w := words{Plugin: p, Words: strings.ReplaceAll(p.Name, "-", " "), GoVersion: goVersion}
	upper := func(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
	for i, part := range strings.Split(p.Name, "-") {
		if i > 0 {
			part = upper(part)
		}
		w.Entity += part
	}
	w.Class = upper(w.Entity)
	w.Title, w.Field = upper(w.Words), "planned"+w.Class+"s"
	w.Executable = map[string]string{"go": p.Name, "python": "plugin.py", "node": "plugin.js"}[p.Language]
	return w
}

// addSDK adds the package that the plugin imports, where that lies beside it.
func addSDK(files map[string][]byte, sdk embed.FS) error {
	return fs.WalkDir(sdk, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files[name], err = sdk.ReadFile(name)
		}
		return err
	})
}

// checkEntity refuses a name that the entity of the plugin cannot have.
func (p Plugin) checkEntity(files map[string][]byte) error {
	file := "entities/" + p.Name + ".yaml"
	_, err := schema.Load(append(entities.All(), schema.Source{Layer: mention.Layer(p.Name), File: file, Data: files[file]})...)
	if err != nil {
		return fmt.Errorf("the plugin would have an entity of its name, which cannot be:\n%w\nchoose another name", err)
	}
	return nil
}
