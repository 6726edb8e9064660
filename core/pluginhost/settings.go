package pluginhost

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/connection"
)

// settingsFile is what a site says about a plugin, beside the plugin's folder
// so that an upgrade leaves it alone: PLUGINS/NAME.yaml.
type settingsFile struct {
	Config      Section                       `yaml:"config" doc:"Settings of the plugin's own, which it checks itself."`
	Connections map[string]connection.Address `yaml:"connections" doc:"Where connections that the plugin asks for lead instead: a host in a network of your own is reached only if it is named here."`
	OnFailure   map[string]OnFailure          `yaml:"onFailure" doc:"As in the manifest; a save is let through only if both say allow."`
	Timeouts    Timeouts                      `yaml:"timeouts" doc:"Instead of those of the manifest."`
	Limits      Limits                        `yaml:"limits" doc:"Instead of those of the manifest."`
}

// readSettings returns no settings when there is no file. Settings that are wrong
// come with the error, as far as they can be read.
func readSettings(plugins, name string) (settingsFile, error) {
	var s settingsFile
	file := filepath.Join(plugins, name+".yaml")
	data, err := readText(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = strictyaml.Decode(file, data, &s).Err()
	}
	s.Config.File = file
	if err != nil {
		return s, fmt.Errorf("%w: %w", errMisconfigured, err)
	}
	return s, nil
}

// errMisconfigured is wrapped when only other settings can help.
var errMisconfigured = errors.New("misconfigured")

// Terms are what a plugin runs under, once its manifest, the site's settings
// and the host have been heard.
type Terms struct {
	Needs       Needs // what it was granted
	Config      Section
	Connections map[string]connection.Address // of the site, instead of those in Needs
	Timeouts    Timeouts
	Limits      Limits
	onFailure   map[string]OnFailure

	try bool // only what would become of the records
}

// defaultConcurrency is enough for any plugin that answers.
const defaultConcurrency = 32

func terms(m Manifest, s settingsFile, granted Needs, host Config) Terms {
	t := Terms{
		Needs: granted, Config: s.Config, Connections: s.Connections,
		Timeouts: Timeouts{
			Save:     cmp.Or(s.Timeouts.Save, m.Timeouts.Save, host.SaveTimeout),
			Query:    cmp.Or(s.Timeouts.Query, m.Timeouts.Query, host.ResolveTimeout),
			Mutation: cmp.Or(s.Timeouts.Mutation, m.Timeouts.Mutation, host.CallTimeout),
		},
		Limits: Limits{
			Concurrency: cmp.Or(s.Limits.Concurrency, m.Limits.Concurrency, defaultConcurrency),
			Memory:      cmp.Or(s.Limits.Memory, m.Limits.Memory),
		},
		onFailure: map[string]OnFailure{},
	}
	for entity, m := range m.OnFailure {
		if m == Allow && s.OnFailure[entity] == Allow {
			t.onFailure[entity] = Allow
		}
	}
	return t
}
