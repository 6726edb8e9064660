package mongo

import (
	"context"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// dropFormer drops the indexes whose place others have taken, and returns what is left
// of those that are there.
func (s *Store) dropFormer(ctx context.Context, e *schema.Entity, there []driver.IndexSpecification, wanted []driver.IndexModel) (left []driver.IndexSpecification, err error) {
	former := map[string]bool{}
	for _, index := range wanted {
		for _, name := range before(nameOf(index)) {
			former[name] = true
		}
	}
	for _, index := range wanted {
		delete(former, nameOf(index))
	}
	for _, index := range there {
		if !former[index.Name] {
			left = append(left, index)
		} else if err := s.dropIndex(ctx, e, index.Name); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// before are the names that an index had in earlier versions: when filters, or orders
// too, went by the texts themselves, the first so many of its paths or all; and when
// it had all records.
func before(name string) (names []string) {
	if path, some := strings.CutPrefix(name, havingPrefix); some {
		return []string{orderPrefix + path}
	}
	if held, isHeld := strings.CutPrefix(name, holdingPrefix); isHeld {
		_, list, _ := strings.Cut(held, ",")
		for _, former := range []string{orderPrefix + schema.RolesField + "," + list, orderPrefix + list} {
			names = append(append(names, former), before(former)...)
		}
		return names
	}
	list, isOrder := strings.CutPrefix(name, orderPrefix)
	if !isOrder {
		return nil
	}
	paths := strings.Split(list, ",")
	for i, path := range paths {
		plain := strings.Replace(path, sortField+".", "", 1)
		if plain == path {
			continue
		}
		paths = slices.Clone(paths)
		paths[i] = plain
		names = append(names, orderPrefix+strings.Join(paths, ","))
	}
	return names
}
