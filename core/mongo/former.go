package mongo

import (
	"context"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// dropFormer drops the indexes whose place others have taken.
func (s *Store) dropFormer(ctx context.Context, e *schema.Entity, wanted []driver.IndexModel) error {
	former := map[string]bool{}
	for _, index := range wanted {
		for _, name := range before(nameOf(index)) {
			former[name] = true
		}
	}
	for _, index := range wanted {
		delete(former, nameOf(index))
	}
	if len(former) == 0 {
		return nil
	}
	there, err := s.collection(e).Indexes().ListSpecifications(ctx)
	if err != nil {
		return s.failed("list the indexes of "+e.Name, err)
	}
	for _, index := range there {
		if !former[index.Name] {
			continue
		}
		if err := s.dropIndex(ctx, e, index.Name); err != nil {
			return err
		}
	}
	return nil
}

// before are the names that an index over sort keys had when filters, or orders too,
// went by the texts themselves: the first so many of its paths, or all.
func before(name string) (names []string) {
	list, ordered := strings.CutPrefix(name, "by:")
	if !ordered {
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
		names = append(names, "by:"+strings.Join(paths, ","))
	}
	return names
}
