package pluginhost

import (
	"fmt"
	"slices"
)

// Lacking says which plugins are in force that this instance does not have in that
// version, for people: what they guard is not saved here.
func (h *Host) Lacking() (list []string) {
	for _, s := range h.Plugins() {
		if slices.Contains([]State{Missing, Outdated}, s.State) {
			list = append(list, fmt.Sprintf("plugin %s: %s", s.Name, s.LastError))
		}
	}
	return list
}
