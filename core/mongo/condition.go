package mongo

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// condition is one of several that must all hold, as an index sees it.
type condition struct {
	selects bson.D

	// narrows is what an index on path answers of it by itself; nothing where
	// none does.
	narrows bson.D
	path    string
	fixed   bool // to one value
	values  int  // that it names, 0 for a stretch of them

	either [][]condition // the alternatives of an $or
}

// conditionsOf takes apart what must all hold, but for being live: every index
// has the deleted records too, and they are few.
func conditionsOf(selected bson.D) []condition {
	var all []condition
	for _, e := range selected {
		alone := bson.D{e}
		parts, isList := e.Value.(bson.A)
		switch {
		case e.Key == liveField:
		case e.Key == "$and" && isList:
			for _, part := range parts {
				all = append(all, conditionsOf(part.(bson.D))...)
			}
		case e.Key == "$or" && isList:
			c := condition{selects: alone}
			for _, part := range parts {
				c.either = append(c.either, conditionsOf(part.(bson.D)))
			}
			all = append(all, c)
		case strings.HasPrefix(e.Key, "$"):
			all = append(all, condition{selects: alone})
		default:
			all = append(all, compared(e.Key, alone, e.Value))
		}
	}
	return all
}

// compared looks at how the value at a path is compared.
func compared(path string, selects bson.D, value any) condition {
	c := condition{selects: selects}
	how, isOperator := value.(bson.D)
	if !isOperator {
		c.narrows, c.path, c.fixed, c.values = selects, path, true, 1
		return c
	}
	if len(how) == 1 && how[0].Key == "$elemMatch" {
		return ofItem(c, path, how[0].Value.(bson.D))
	}
	for _, e := range how {
		if !narrowing(e) {
			return c
		}
	}
	c.narrows, c.path = selects, path
	if list, isList := how[0].Value.(bson.A); isList && len(how) == 1 {
		c.values, c.fixed = len(list), len(list) == 1
	}
	return c
}

// ofItem looks for the comparison within one item of a list that narrows most.
func ofItem(c condition, list string, item bson.D) condition {
	if len(item) > 0 && strings.HasPrefix(item[0].Key, "$") && item[0].Key != "$and" && item[0].Key != "$or" && item[0].Key != "$nor" {
		for _, e := range item { // the items are plain values
			if !narrowing(e) {
				return c
			}
		}
		c.narrows, c.path = c.selects, list
		return c
	}
	for _, inner := range conditionsOf(item) {
		if inner.narrows == nil || c.narrows != nil && !inner.fixed {
			continue
		}
		c.narrows = bson.D{{Key: list, Value: bson.D{{Key: "$elemMatch", Value: inner.narrows}}}}
		c.path, c.fixed, c.values = list+"."+inner.path, inner.fixed, inner.values
	}
	return c
}

// narrowing says whether an operator leaves a stretch of an index, or a few values.
func narrowing(e bson.E) bool {
	switch e.Key {
	case "$in", "$lt", "$lte", "$gt", "$gte":
		return true
	case "$ne":
		return e.Value == nil
	case "$regex":
		text, _ := e.Value.(string)
		return strings.HasPrefix(text, "^") && !strings.HasPrefix(text, "^(?")
	}
	return false
}
