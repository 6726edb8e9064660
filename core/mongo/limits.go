package mongo

import (
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// What MongoDB, and what speaks its protocol, keeps of one collection at most.
// https://www.mongodb.com/docs/manual/reference/limits/ has the first two; a
// collection's name has 235 bytes in FerretDB, that of the database included, and
// an index path some 1,400 in DocumentDB.
const (
	maxIndexes    = 64 // that of the id included
	maxIndexKeys  = 32 // the id included, with which each ends
	maxNameLength = 150
	maxIndexPath  = 1000
)

// Check tells what of a model no MongoDB keeps, all of it, with its places, as
// strictyaml.Problems.
func Check(m *schema.Model) error {
	var problems strictyaml.Problems
	for _, e := range m.Stored() {
		told := map[string]bool{}
		refuse := func(format string, args ...any) {
			message := fmt.Sprintf(format, args...)
			if !told[message] { // a unique field has several indexes
				problems = append(problems, strictyaml.Problem{File: e.File, Line: e.Line, Message: message})
			}
			told[message] = true
		}
		if n := len(e.Name); n > maxNameLength {
			refuse("the name of %.20s... has %d characters; at most %d are kept. Choose a shorter one.", e.Name, n, maxNameLength)
		}
		indexes := indexesOf(m, e)
		if n := withOwn(indexes); n > maxIndexes {
			refuse("%s has %d indexes, with those of its roles, of what extends it and of the program; at most %d are kept. Take index, unique or search from %d of its fields, or take away as many of its indexes; a unique field has two.",
				e.Name, n, maxIndexes, n-maxIndexes)
		}
		for _, index := range indexes {
			keys := index.Keys.(bson.D) // indexesOf makes no others
			if len(keys) > maxIndexKeys {
				refuse("%s has an index of %d fields that begins with %s; at most %d are kept. Take some away.", e.Name, len(keys)-1, strings.TrimPrefix(keys[0].Key, sortField+"."), maxIndexKeys-1)
			}
			for _, key := range keys {
				if n := len(key.Key); n > maxIndexPath {
					refuse("%s has an index on %.20s..., a path of %d characters; at most %d are kept. Choose shorter names, or nest less.", e.Name, key.Key, n, maxIndexPath)
				}
			}
		}
	}
	return problems.Err()
}

// withOwn is how many indexes a collection has at most that has these: that of the id is one
// more, and where values are unique a fence and the one that takes its place.
func withOwn(indexes []driver.IndexModel) int {
	if isClaimed(indexes) {
		return len(indexes) + 1 + fences
	}
	return len(indexes) + 1
}
