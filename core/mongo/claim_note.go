package mongo

import (
	"context"
	"errors"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// uniqueNote is what the database notes of the unique values of an entity. Every instance
// claims what is noted, also where its own model does not know that it is unique. Each
// change of the paths has a generation of its own.
type uniqueNote struct {
	ID         string   `bson:"_id"`
	Generation int64    `bson:"generation"`
	Claimed    []string `bson:"claimed"`  // paths of which all records have their claims
	Claiming   []string `bson:"claiming"` // paths of which records are being given them
}

// uniqueNoteID is no entity's name.
func uniqueNoteID(entity string) string { return "unique " + entity }

func (n uniqueNote) paths() []string { return unionOf(n.Claimed, n.Claiming) }

func (s *Store) uniqueNoteOf(ctx context.Context, e *schema.Entity) (n uniqueNote, err error) {
	err = s.sorting().FindOne(ctx, bson.D{{Key: idField, Value: uniqueNoteID(e.Name)}}).Decode(&n)
	if errors.Is(err, driver.ErrNoDocuments) {
		err = nil
	}
	return n, s.failed("read which values of "+e.Plural+" are claimed", err)
}

// uniqueWanted are the paths that have to be claimed: those of the model, and of what is
// noted those of fields that it does not know.
func uniqueWanted(e *schema.Entity, noted []string) (want []string) {
	walk(e.Fields, "", func(path string, f *schema.Field) {
		if f.Unique {
			want = append(want, path)
		}
	})
	for _, path := range noted {
		if f, _ := e.At(path); f == nil {
			want = append(want, path)
		}
	}
	return unionOf(want, nil)
}

// is says whether these paths are claimed, and no others.
func (n uniqueNote) is(want []string) bool {
	return n.Generation > 0 && len(n.Claiming) == 0 && slices.Equal(n.Claimed, want)
}

// turned is the note after this one, in which these paths are noted.
func (n uniqueNote) turned(want []string) uniqueNote {
	next := uniqueNote{ID: n.ID, Generation: n.Generation + 1, Claimed: []string{}}
	for _, path := range want {
		if slices.Contains(n.Claimed, path) {
			next.Claimed = append(next.Claimed, path)
		} else {
			next.Claiming = append(next.Claiming, path)
		}
	}
	return next
}

// kept is what an instance keeps up that knows the note, and nothing else.
func (n uniqueNote) kept() *notedKeys {
	return &notedKeys{keptKeys: keptKeys{unique: n.paths(), generation: n.Generation}}
}

// done is this note once all records have all claims.
func (n uniqueNote) done() uniqueNote {
	n.Claimed, n.Claiming = n.paths(), nil
	return n
}

// putNote writes a note in the place of one of that generation: 0 for none. Another
// instance may have been faster, whose note is left.
func (s *Store) putNote(ctx context.Context, n uniqueNote, replaces int64) error {
	var err error
	matched := int64(1)
	if replaces == 0 {
		_, err = s.sorting().InsertOne(ctx, n)
	} else {
		var result *driver.UpdateResult
		if result, err = s.sorting().ReplaceOne(ctx, bson.D{{Key: idField, Value: n.ID}, {Key: "generation", Value: replaces}}, n); err == nil {
			matched = result.MatchedCount
		}
	}
	if isDuplicate(err) || matched == 0 {
		return &core.Error{Code: core.Unavailable, Message: "Another instance changes what is unique at the same time. Nothing was changed; try again in a few seconds.", Cause: err}
	}
	return s.writeFailed("note which values are claimed", err)
}
