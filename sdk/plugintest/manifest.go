package plugintest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/connection"
	"github.com/openxrm/xrm/sdk/contract/extension"
	"go.yaml.in/yaml/v3"
)

const manifestFile = "plugin.yaml"

// manifest is what a test needs of the file beside it.
type manifest struct {
	Name, Version, Executable string
	Needs                     struct {
		AsPlugin        bool              `yaml:"asPlugin"`
		Connections     map[string]string `yaml:"connections"`
		Operations      []string          `yaml:"operations"`
		Services        []string          `yaml:"services"`
		Pages           []string          `yaml:"pages"`
		Mail            bool              `yaml:"mail"`
		extension.Needs `yaml:",inline"`
	}
}

func readManifest() (manifest, error) {
	var m manifest
	data, err := os.ReadFile(manifestFile)
	if err == nil {
		err = yaml.Unmarshal(data, &m)
	}
	if err != nil {
		return m, fmt.Errorf("read the manifest: %w", err)
	}
	return m, nil
}

// holdAgainst compares the plugin with the plugin.yaml that lies beside the test:
// the host does not serve a plugin that differs from its manifest, and lets it
// act for itself, or bind the records of others, only if that asks for it. Without
// the file it may.
func (h *Host) holdAgainst() error {
	m, err := readManifest()
	if errors.Is(err, fs.ErrNotExist) {
		h.asPlugin, h.mayMail = true, true
		return nil
	}
	h.asPlugin, h.needs, h.mayMail = m.Needs.AsPlugin, &m.Needs.Needs, m.Needs.Mail
	h.callable = append([]string{}, m.Needs.Operations...)
	h.connections = map[string]connection.Address{}
	for name, text := range m.Needs.Connections {
		address, wrong := connection.Parse(text)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("%s: needs.connections: %s is %w", manifestFile, name, wrong))
		}
		h.connections[name] = address
	}
	d := h.description
	for _, described := range d.GetServices() {
		if !slices.Contains(m.Needs.Services, described.GetName()) {
			err = errors.Join(err, strictyaml.Problems{extension.LacksService(d.GetName(), described.GetName())}.Err())
		}
	}
	for _, described := range d.GetPages() {
		if !slices.Contains(m.Needs.Pages, described.GetName()) {
			err = errors.Join(err, strictyaml.Problems{extension.LacksPage(d.GetName(), described.GetName())}.Err())
		}
	}
	if err == nil && (m.Name != d.GetName() || m.Version != d.GetVersion()) {
		err = fmt.Errorf("%s is that of %s %s, but the plugin is %s %s", manifestFile, m.Name, m.Version, d.GetName(), d.GetVersion())
	}
	return err
}
