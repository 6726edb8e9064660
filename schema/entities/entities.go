// Package entities holds the shipped entity definitions. They are ordinary
// definitions: a plugin or a site extends them with an extend file, and no Go
// code knows their names except where a rule of the party model needs it.
package entities

import (
	"embed"

	"github.com/openxrm/xrm/schema"
)

//go:embed *.yaml
var files embed.FS

// Sources returns the shipped definitions, to be loaded before those of
// plugins and of the site. In messages their files are called shipped/….
func Sources() []schema.Source {
	sources, err := schema.ReadSources("shipped", "shipped", files)
	if err != nil {
		panic(err) // an embedded file can always be read
	}
	return sources
}
