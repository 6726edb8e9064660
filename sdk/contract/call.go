package contract

import (
	"fmt"

	"github.com/openxrm/xrm/schema"
)

// Over refuses what is asked after the call that it belongs to, or outside of any.
func Over() error {
	return &schema.Refusal{Code: schema.Forbidden, Message: "The call that this belongs to has ended. Ask the host only while a handler runs, with the context that came with it."}
}

// Unentitled refuses what a plugin asks for itself, which it was not granted.
func Unentitled(plugin string) error {
	return &schema.Refusal{Code: schema.Forbidden, Message: fmt.Sprintf(
		"The plugin %s may not act for itself, as it wanted to. Under needs its plugin.yaml has to have asPlugin: true. Then approve it: xrm plugin approve %s.", plugin, plugin)}
}

// Effect refuses a write in the middle of something that has no effects. what
// completes "The plugin wanted to": "save a complaint".
func Effect(plugin, what string) error {
	return &schema.Refusal{Code: schema.Forbidden, Message: fmt.Sprintf(
		"The plugin %s wanted to %s in the middle of a read or of another write. Queries, fields and rules have no effects.", plugin, what)}
}

// Entity finds what a plugin asks about.
func Entity(m *schema.Model, name string) (*schema.Entity, error) {
	e, err := m.Find(name)
	if err != nil {
		return nil, &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf("The plugin asked for an entity that is not there: %v.", err)}
	}
	return e, nil
}
