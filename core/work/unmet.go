package work

import (
	"log/slog"

	"github.com/openxrm/xrm/core/snapshot"
)

// unmet is what has been told of what plugins ask for that is not there.
type unmet map[string]bool

// tell says each thing once.
func (u unmet) tell(now *snapshot.Snapshot, log *slog.Logger) {
	for _, c := range now.Contributions {
		for _, what := range now.Unmet(c) {
			if key := c.Plugin + " " + what; !u[key] {
				u[key] = true
				log.Warn("a plugin asks for what is not there; it gets nothing of that until it is", "plugin", c.Plugin, "what", what)
			}
		}
	}
}
