package mail

import (
	"embed"
	"io/fs"

	"github.com/openxrm/xrm/schema"
)

//go:embed entities
var files embed.FS

// The layer of the definitions, the entities, and the states of a mail that are not only for people.
const (
	layer       = "shipped"
	entity      = "mail"
	suppression = "suppression"

	queued     = "queued"
	sending    = "sending"
	sent       = "sent"
	failed     = "failed"
	unknown    = "unknown"
	suppressed = "suppressed"
)

// The states of a recipient that are not of the same name as those of a mail.
const (
	pending  = "pending"
	accepted = "accepted"
	refused  = "refused"
)

// Sources returns the definitions of the entities, to be loaded after the shipped ones
// where a mail server is set. In messages their files are called mail/….
func Sources() []schema.Source {
	dir, err := fs.Sub(files, "entities")
	var sources []schema.Source
	if err == nil {
		sources, err = schema.ReadSources(layer, "mail", dir)
	}
	if err != nil {
		panic(err) // an embedded file can always be read
	}
	return sources
}
