package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// somePlugins returns these plugins of the server's folder, or all when none is
// named.
func somePlugins(c Config, names []string) ([]string, error) {
	if err := folder("plugins", "the plugins", c.Plugins); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(c.Plugins)
	if err != nil {
		return nil, fmt.Errorf("list the plugins: %w", err)
	}
	var all []string
	for _, entry := range entries {
		if _, err := os.Stat(filepath.Join(c.Plugins, entry.Name(), pluginhost.ManifestFile)); err == nil {
			all = append(all, entry.Name())
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, noPlugin(name, "in "+c.Plugins, all)
		}
	}
	return names, nil
}

// noPlugin names the plugin that was probably meant.
func noPlugin(name, where string, known []string) error {
	return fmt.Errorf("there is no plugin %s %s%s", name, where, strictyaml.Suggest(name, known))
}
