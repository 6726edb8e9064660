package mongo

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

const (
	// holdingPrefix begins the names of the indexes of those who hold a role.
	holdingPrefix = orderPrefix + schema.RolesField + "="

	// havingPrefix begins the names of the indexes of the records that have a value.
	havingPrefix = "with:"
)

// holding is an index like ordered, of the records that hold a role alone: what a role
// adds costs the others nothing. It serves what asks for the role as well.
func holding(role string, paths ...string) driver.IndexModel {
	index := ordered(paths...)
	index.Options.SetName(holdingPrefix + role + "," + strings.Join(paths, ",")).
		SetPartialFilterExpression(bson.D{{Key: schema.RolesField, Value: role}})
	return index
}

// having is an index of the records that have a value at a path, for what is looked
// for and never sorted.
func having(path string) driver.IndexModel {
	index := ordered(path)
	index.Options.SetName(havingPrefix + path).
		SetPartialFilterExpression(bson.D{{Key: path, Value: bson.D{{Key: "$exists", Value: true}}}})
	return index
}

// roleAt is the role that adds what is at a path, or "".
func roleAt(roles []*schema.Entity, path string) string {
	name, _, inside := strings.Cut(path, ".")
	if inside && slices.ContainsFunc(roles, func(r *schema.Entity) bool { return r.Name == name }) {
		return name
	}
	return ""
}

// pageIndex is an index that a page can be read from: of all records, of those that
// hold a role, or of those that have a value at a path. That of a role has the role
// for its first key.
type pageIndex struct {
	keys bson.D
	role string
	path string
}

func pageIndexOf(index driver.IndexModel) pageIndex {
	name, keys := nameOf(index), index.Keys.(bson.D)
	if path, some := strings.CutPrefix(name, havingPrefix); some {
		return pageIndex{keys: keys, path: path}
	}
	rest, held := strings.CutPrefix(name, holdingPrefix)
	if !held {
		return pageIndex{keys: keys}
	}
	role, _, _ := strings.Cut(rest, ",")
	return pageIndex{keys: append(bson.D{{Key: schema.RolesField, Value: 1}}, keys...), role: role}
}

// serving are the keys by which the index answers some of the conditions; none where
// it lacks records that they select.
func (i pageIndex) serving(all []condition) bson.D {
	lacks := i.role != "" && !slices.ContainsFunc(all, func(c condition) bool { return c.holds(i.role) }) ||
		i.path != "" && !slices.ContainsFunc(all, func(c condition) bool { return c.path == i.path && c.wantsValue() })
	if lacks {
		return nil
	}
	return i.keys
}

// holds says whether the condition is that a record holds a role.
func (c condition) holds(role string) bool {
	return c.path == schema.RolesField && c.fixed && c.simple() && c.one() == role
}

// one is the value that a fixed condition names.
func (c condition) one() any {
	if how, isOperator := c.narrows[0].Value.(bson.D); isOperator {
		return how[0].Value.(bson.A)[0]
	}
	return c.narrows[0].Value
}

// wantsValue says whether no record without a value can fulfill the condition, as
// engines see it.
func (c condition) wantsValue() bool {
	if c.narrows == nil {
		return false
	}
	how, isOperator := c.narrows[0].Value.(bson.D)
	if !isOperator {
		return c.narrows[0].Value != nil
	}
	return !slices.ContainsFunc(how, func(e bson.E) bool {
		list, isList := e.Value.(bson.A)
		return e.Value == nil || isList && slices.Contains(list, any(nil))
	})
}

// rolesIn are the conditions that a record holds a role.
func rolesIn(all []condition) []condition {
	return slices.DeleteFunc(slices.Clone(all), func(c condition) bool { return c.path != schema.RolesField || !c.fixed })
}
