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
	}
	return sources
}
