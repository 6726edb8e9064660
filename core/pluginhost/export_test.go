package pluginhost

import "github.com/openxrm/xrm/core/snapshot"

// Contributions lists what the host knows that its plugins contribute.
func (h *Host) Contributions() (list []snapshot.Contribution) {
	entries, _ := h.board.look()
	for _, e := range entries {
		if e.contribution != nil {
			list = append(list, *e.contribution)
		}
	}
	return list
}
