package mongo

import (
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// maxWays is how many ways are looked at: each costs a query.
const maxWays = 6

// match is how an index has the order of a query.
type match struct {
	within bson.D // what of the conditions it answers
	whole  bool   // these are all
	keys   bool   // these are all but for texts whose keys it answers: few have one in common
}

// bestOrder finds the index that has the order of a query and answers most of its
// conditions, or nil.
func bestOrder(indexes []pageIndex, all []condition, order bson.D) *match {
	var best *match
	most := -1
	for _, index := range indexes {
		used, rest := answered(index.serving(all), all)
		if !continues(rest, varying(order, all)) {
			continue
		}
		if len(rest) > 0 {
			used = append(used, ranged(all, rest[0].Key)...)
		}
		if len(used) > most {
			most = len(used)
			best = &match{within: together(all, used), whole: len(used) == len(all), keys: answersKeys(all, used)}
		}
	}
	return best
}

// answersKeys says whether what is not among the used conditions is of texts whose keys
// are.
func answersKeys(all []condition, used []int) bool {
	for n, c := range all {
		if !slices.Contains(used, n) && !slices.ContainsFunc(used, func(k int) bool { return c.path != "" && all[k].fixed && all[k].path == keyPath(c.path) }) {
			return false
		}
	}
	return true
}

// answered finds the conditions that fix the first keys of an index.
func answered(keys bson.D, all []condition) (used []int, rest bson.D) {
	for len(keys) > 0 {
		n := slices.IndexFunc(all, func(c condition) bool { return c.fixed && c.path == keys[0].Key && c.simple() })
		if n < 0 {
			break
		}
		used, keys = append(used, n), keys[1:]
	}
	return used, keys
}

// simple says whether what an index answers of a condition is all of it.
func (c condition) simple() bool {
	return len(c.selects) == 1 && len(c.narrows) == 1 && c.path == c.selects[0].Key
}

// ranged finds the conditions that leave a stretch of one key.
func ranged(all []condition, path string) (found []int) {
	for n, c := range all {
		if c.path == path && c.simple() && !c.fixed && c.values == 0 {
			found = append(found, n)
		}
	}
	return found
}

// varying leaves out the keys of an order that are the same in all that is selected.
func varying(order bson.D, all []condition) bson.D {
	return slices.DeleteFunc(slices.Clone(order), func(k bson.E) bool {
		return k.Key != idField && slices.ContainsFunc(all, func(c condition) bool { return c.fixed && c.path == k.Key && c.simple() })
	})
}

// continues says whether keys sort as an order does, in either direction.
// Nothing sorts behind the id.
func continues(keys, order bson.D) bool {
	for i, k := range order {
		if i >= len(keys) || keys[i].Key != k.Key || (keys[i].Value == k.Value) != (keys[0].Value == order[0].Value) {
			return false
		}
		if k.Key == idField {
			return true
		}
	}
	return true
}

func together(all []condition, used []int) bson.D {
	var parts []bson.D
	for _, n := range used {
		parts = append(parts, all[n].narrows)
	}
	return allOf(parts...)
}

// ways lists what an index can begin with, what answers more conditions first. Each
// answers some of the conditions themselves, beside those that hold around them.
func ways(indexes []pageIndex, own, around []condition) []bson.D {
	found, all := map[int][]bson.D{}, slices.Concat(own, around)
	known := map[string]bool{}
	for _, index := range indexes {
		used, rest := answered(index.serving(all), all)
		if len(rest) > 0 {
			used = append(used, next(all, rest[0].Key)...)
		}
		if which := fmt.Sprint(used); !known[which] && slices.ContainsFunc(used, func(n int) bool { return n < len(own) }) {
			known[which] = true // many indexes begin with a role
			found[len(used)] = append(found[len(used)], together(all, used))
		}
	}
	for _, c := range own {
		if either := c.alternatives(indexes, rolesIn(all)); either != nil {
			found[1] = append(found[1], either)
		}
	}
	var list []bson.D
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(found))) {
		list = append(list, found[n]...)
	}
	return list[:min(len(list), maxWays)]
}

// next finds what else an index answers of its next key.
func next(all []condition, path string) []int {
	if found := ranged(all, path); len(found) > 0 {
		return found
	}
	n := slices.IndexFunc(all, func(c condition) bool { return c.narrows != nil && c.path == path })
	if n < 0 {
		return nil
	}
	return []int{n}
}

// alternatives is what indexes can begin with when one of several conditions must
// hold, or nil. Around them stand roles, of whose holders alone some indexes are.
func (c condition) alternatives(indexes []pageIndex, around []condition) bson.D {
	var parts []bson.D
	for _, alternative := range c.either {
		begin := ways(indexes, alternative, around)
		if len(begin) == 0 {
			return nil
		}
		parts = append(parts, begin[0])
	}
	if len(parts) == 0 {
		return nil
	}
	return anyOf(parts)
}

// isFew says whether the conditions name the records themselves, of which there
// are no more than so many.
func isFew(all []condition, unique map[string]bool, most int) bool {
	return slices.ContainsFunc(all, func(c condition) bool {
		return c.values > 0 && c.values < most && (c.path == idField || unique[c.path] && c.selects[0].Value != nil)
	})
}
