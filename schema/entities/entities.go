// Package entities holds the shipped entity definitions. They are ordinary
// definitions: a plugin or a site extends them with an extend file, and no Go
// code knows their names except where a rule of the party model needs it.
package entities

import (
	"embed"
	"io/fs"

	"github.com/openxrm/xrm/schema"
)

var (
	//go:embed *.yaml
	files embed.FS

	//go:embed mail
	mail embed.FS
)

// Sources returns the shipped definitions, to be loaded before those of
// plugins and of the site. In messages their files are called shipped/….
func Sources() []schema.Source { return sources(files) }

// Mail returns those of mails, which are there where the site has a mail server.
func Mail() []schema.Source { return sources(mail) }

// All returns all of them: for whoever does not know which site it will be.
func All() []schema.Source { return append(Sources(), Mail()...) }

func sources(files fs.FS) []schema.Source {
	sources, err := schema.ReadSources("shipped", "shipped", files)
	if err != nil {
		panic(err) // an embedded file can always be read
	}
	return sources
}
