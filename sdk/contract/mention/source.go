package mention

import (
	"path"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Layer is that of a plugin's entities in a model.
func Layer(plugin string) string { return "plugin " + plugin }

// Sources are the definitions in a description. The names of their files begin
// with the layer, and lead nowhere else.
func Sources(d *pluginpb.DescribeResponse) []schema.Source {
	layer := Layer(d.GetName())
	var sources []schema.Source
	for _, file := range d.GetEntities() {
		sources = append(sources, schema.Source{
			Layer: layer,
			File:  path.Join(layer, path.Clean("/" + file.GetPath())[1:]),
			Data:  file.GetYaml(),
		})
		if last := &sources[len(sources)-1]; len(d.GetMigrations()) > 0 {
			last.Version = version(d, schema.Outline(*last).Name)
		}
	}
	return sources
}

// version is that of the last migration of an entity; 0 where there is none.
func version(d *pluginpb.DescribeResponse, entity string) (version int) {
	for _, m := range d.GetMigrations() {
		if m.GetEntity() == entity {
			version = max(version, int(m.GetTo()))
		}
	}
	return version
}
