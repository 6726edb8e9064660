package pluginhost

import (
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/snapshot"
)

// Unknown says which of these contributions is in force and does not fit here, so
// that its records, and what they say about parties, are not known.
func (h *Host) Unknown(contributions []snapshot.Contribution) error {
	for _, c := range contributions {
		if c.Bare && !c.Retired {
			return &core.Error{
				Code: core.Unavailable,
				Message: fmt.Sprintf("Nothing is deleted, merged or erased on this server: the plugin %s %s is in force and does not fit here, so its records are not known. An administrator finds in the log why, or ends it with: xrm plugin remove %s",
					c.Plugin, c.Version, c.Plugin),
			}
		}
	}
	return nil
}
