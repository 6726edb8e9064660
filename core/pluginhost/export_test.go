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

// Waiting is how many calls wait for their turn at the process of a plugin.
func Waiting(h *Host, plugin string) int {
	calls := &h.board.find(plugin).link.calls
	calls.mu.Lock()
	defer calls.mu.Unlock()
	return len(calls.line)
}

// Running is how many calls run in the process of a plugin that serves now.
func Running(h *Host, plugin string) int {
	calls := &h.board.find(plugin).link.calls
	calls.mu.Lock()
	defer calls.mu.Unlock()
	return calls.running
}
