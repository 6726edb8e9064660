package pluginhost

import "slices"

// Lacking says which plugins are in force that this instance does not have in that
// version: what they guard is not saved here. Anybody may read it, so it names no
// folder.
func (h *Host) Lacking() (list []string) {
	for _, s := range h.Plugins() {
		if slices.Contains([]State{Missing, Outdated}, s.State) {
			list = append(list, h.lacks(s.Name)+", so what it guards is not saved here; xrm plugin list says what to do.")
		}
	}
	return list
}
