package main

import (
	"log/slog"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/schema"
)

// unmet is what has been told of what plugins ask for that is not there.
type unmet map[string]bool

// tell says each thing once.
func (u unmet) tell(contributions []pluginhost.Contribution, m *schema.Model, log *slog.Logger) {
	for _, c := range contributions {
		for _, what := range c.Unmet(m) {
			if key := c.Plugin + " " + what; !u[key] {
				u[key] = true
				log.Warn("a plugin asks for what is not there; it gets nothing of that until it is", "plugin", c.Plugin, "what", what)
			}
		}
	}
}
