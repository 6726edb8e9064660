package pluginhost

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/mention"
)

// data says who may read and write the records of a plugin by which definitions.
type data struct {
	versions map[string]int // of the records, by entity, as schema.Entity.Version; missing for 0, and nil while nothing is in force
	moving   []string       // the entities that nobody writes, because they are about to get the form of another version
	closed   bool           // nor does anybody read them
	to       int            // that version
}

// moves says whether what is announced has data of another version than what is in
// force. What was never in force has none.
func moves(r core.Registration) bool {
	from, to := description(r.Force), description(next(r))
	return from != nil && to != nil && contract.DataVersion(from) != contract.DataVersion(to)
}

// dataOf is what a registration says.
func dataOf(r core.Registration) data {
	force := description(r.Force)
	if force == nil {
		return data{}
	}
	now := data{versions: map[string]int{}}
	for _, source := range mention.Sources(force) {
		if source.Version > 0 {
			now.versions[schema.Outline(source).Name] = source.Version
		}
	}
	if moves(r) {
		later := description(next(r))
		from := contract.DataVersion(force)
		if now.to = contract.DataVersion(later); from > now.to {
			later = force
		}
		now.moving, now.closed = contract.Migrated(later, from, now.to), r.Moving != nil
	}
	return now
}

// Moving is why the records of a stored entity of a plugin cannot be read, or not
// written, by a definition. It is for record.Service.
func (h *Host) Moving(e *schema.Entity, write bool) error {
	plugin, isPlugins := strings.CutPrefix(e.Layer, mention.Layer(""))
	if !isPlugins {
		return nil
	}
	h.register.mu.Lock()
	now, known := h.register.data[plugin]
	h.register.mu.Unlock()
	switch {
	case !known || now.versions == nil: // nothing of it is in force
		return nil
	case slices.Contains(now.moving, e.Name) && (write || now.closed):
		return &core.Error{
			Code: core.Unavailable,
			Message: fmt.Sprintf("The %s are being brought to version %d of the data of the plugin %s. Try again in a moment; xrm plugin list says how far that is.",
				e.Plural, now.to, plugin),
		}
	case !slices.Contains(now.moving, e.Name) && now.versions[e.Name] != e.Version:
		return &core.Error{
			Code:    core.Unavailable,
			Message: fmt.Sprintf("The %s have just got another form, by another version of the plugin %s. Try again.", e.Plural, plugin),
		}
	}
	return nil
}
