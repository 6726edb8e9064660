package record

import (
	"slices"
	"strings"
)

// cutPath splits the first name off a storage path.
func cutPath(path string) (name, rest string) {
	name, rest, _ = strings.Cut(path, ".")
	return name, rest
}

// sorted lists a set in order.
func sorted(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for member := range set {
		list = append(list, member)
	}
	slices.Sort(list)
	return list
}
