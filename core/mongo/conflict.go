package mongo

import (
	"fmt"
	"regexp"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// uniquePrefix begins the names of unique indexes; the field's storage path
// follows, so that the server's complaint names the field.
const uniquePrefix = "unique:"

var uniqueName = regexp.MustCompile(uniquePrefix + `([A-Za-z0-9.]+)`)

// duplicate says which value another record has already.
func duplicate(e *schema.Entity, c core.Change, err error) error {
	match := uniqueName.FindStringSubmatch(err.Error())
	if match == nil { // the id's own index
		return stale(c, err)
	}
	path := uniqueField(e, match[1])
	return &core.Error{
		Code:    core.Conflict,
		Message: fmt.Sprintf("Another %s has this value already.", e.Stored().Name),
		Violations: schema.Violations{{
			Field: path, Rule: "unique", Message: "must be unique, and another " + e.Stored().Name + " has it already",
		}},
		Cause: err,
	}
}

// stale says that the stored record is not the one that the change was made from.
func stale(c core.Change, cause error) error {
	e := &core.Error{Code: core.Conflict, Cause: cause}
	if c.Before == nil {
		e.Message = "A record with this id exists already."
		e.Violations = schema.Violations{{Field: "id", Rule: "version", Message: "exists already"}}
		return e
	}
	e.Message = "Somebody else changed the record in the meantime. Load it again and repeat the change."
	e.Violations = schema.Violations{{Field: "version", Rule: "version", Message: fmt.Sprintf("is not %d any more", c.Before.Version)}}
	return e
}
