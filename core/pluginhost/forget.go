package pluginhost

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mention"
)

// Remains knows what is stored, also of what no model has any more.
type Remains interface {
	Registry

	// Remaining counts the records that are stored under the name of an entity,
	// deleted ones too.
	Remaining(ctx context.Context, entity string) (int64, error)
}

// Legacy is what a plugin that was removed has left.
type Legacy struct {
	Known     []string // the plugins that there are, when this is none of them
	Ended     core.Ending
	Forgotten bool             // it has left no names
	Names     []string         // of entities and roles, and of fields of others: "visit", "customer.vat"
	Records   map[string]int64 // of its entities, where there are any
	Values    []string         // of Names, what lies in the records of others: roles and fields
}

// LegacyOf says what a plugin has left, and whether anything is known of it.
func LegacyOf(ctx context.Context, store Remains, plugin string) (left Legacy, known bool, err error) {
	r := newRegister(store)
	if err := r.read(ctx); err != nil {
		return left, false, err
	}
	one := r.find(plugin)
	if one.Generation == 0 {
		left.Known = r.names()
		slices.Sort(left.Known)
		return left, false, nil
	}
	left.Ended, left.Records = one.Ended, map[string]int64{}
	d := description(one.Force)
	if left.Forgotten = d == nil; d == nil {
		return left, true, nil
	}
	for _, source := range mention.Sources(d) {
		e := schema.Outline(source)
		switch {
		case e.RoleName != "":
			left.Names, left.Values = append(left.Names, e.RoleName), append(left.Values, e.RoleName)
		case e.Extends != "":
			for _, f := range e.Fields {
				left.Names, left.Values = append(left.Names, e.Extends+"."+f.Name), append(left.Values, e.Extends+"."+f.Name)
			}
		case e.Name != "":
			n, err := store.Remaining(ctx, e.Name)
			if err != nil {
				return left, true, err
			}
			if left.Names = append(left.Names, e.Name); n > 0 {
				left.Records[e.Name] = n
			}
		}
	}
	return left, true, nil
}

// String says what is stored under the names, "" for nothing that is known of.
func (l Legacy) String() string {
	var parts []string
	for _, name := range l.Names {
		if n := l.Records[name]; n > 0 {
			records := "records"
			if n == 1 {
				records = "record"
			}
			parts = append(parts, fmt.Sprintf("%d %s of %s", n, records, name))
		}
	}
	if len(l.Values) > 0 {
		parts = append(parts, "what the records of others have in "+strings.Join(l.Values, ", "))
	}
	return strings.Join(parts, ", ")
}

// Forget frees the names that a removed plugin has left: what it said of itself is
// no longer known. What is stored stays where it is.
func Forget(ctx context.Context, store Registry, plugin string) error {
	r := newRegister(store)
	if err := r.read(ctx); err != nil {
		return err
	}
	return r.change(ctx, plugin, func(one *core.Registration) bool {
		if one.Ended != core.EndedRemoved || one.Force.Digest == "" && one.Force.Description == nil {
			return false
		}
		one.Former = remembered(*one) // it is not new when it comes back
		one.Force = core.Edition{}    // with a digest, it would be in force again without its description
		return true
	})
}

// left is what stays of a contribution whose plugin has ended: nothing, once it is
// forgotten.
func (s *supervisor) left(c snapshot.Contribution) snapshot.Contribution {
	if r := s.register.find(s.name); r.Ended == core.EndedRemoved && len(r.Force.Description) == 0 {
		return snapshot.Contribution{Plugin: s.name, Rights: access.PluginRights{Plugin: s.name}, Retired: true, By: s.Host}
	}
	return c.Data()
}
