package contract

import (
	"errors"
	"fmt"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
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

// Uncalled refuses a call of an operation of another plugin that was not granted.
func Uncalled(plugin, operation string) error {
	return &schema.Refusal{Code: schema.Forbidden, Message: fmt.Sprintf(
		"The plugin %[1]s may not call %[2]s: nobody has granted that. Under needs its plugin.yaml has to have operations: [%[2]s]. Then approve it: xrm plugin approve %[1]s.", plugin, operation)}
}

// ReadArguments reads the arguments with which one plugin calls an operation of
// another, a JSON object. What is null there is nil.
func ReadArguments(operation string, declared schema.Fields, encoded []byte) (map[string]any, error) {
	given, err := pluginpb.Decode(encoded)
	if err != nil {
		return nil, invalid(fmt.Sprintf("The arguments of %s are no JSON object.", operation))
	}
	of := &schema.Entity{Name: operation, Fields: declared}
	read, err := of.Check(given, true, "")
	if err == nil {
		err = of.CheckLength(nil, read).Err()
	}
	var wrong schema.Violations
	if errors.As(err, &wrong) {
		return nil, &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf("The arguments of %s do not fit.", operation), Violations: wrong}
	}
	for name, value := range given {
		if value == nil && err == nil {
			read[name] = nil
		}
	}
	return read, err
}

// Entity finds what a plugin asks about.
func Entity(m *schema.Model, name string) (*schema.Entity, error) {
	e, err := m.Find(name)
	if err != nil {
		return nil, &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf("The plugin asked for an entity that is not there: %v.", err)}
	}
	return e, nil
}
