package mongo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// fencePrefix begins the names of the indexes that refuse what is written by an older note
// of what is unique than that of a generation.
const fencePrefix = "fence:"

// fences is how many a collection has at most, for a moment: the next one is there before
// the one before it goes.
const fences = 2

// postID is the id of the document that holds the one place that a fence has. It is no
// record: it has no version, and does not live. No record's id is empty.
const postID = ""

func fenceName(generation int64) string { return fmt.Sprintf("%s%d", fencePrefix, generation) }

// fenceOf is an index that has room for one document of an older generation, since no
// document has the field that it is over.
func fenceOf(generation int64) driver.IndexModel {
	return driver.IndexModel{
		Keys: bson.D{{Key: "_fence", Value: 1}},
		Options: options.Index().SetName(fenceName(generation)).SetUnique(true).SetPartialFilterExpression(bson.D{
			{Key: notedField, Value: bson.D{{Key: "$lt", Value: generation}}},
		}),
	}
}

// fence lets nobody write any more who goes by an older note, whatever he knows and
// however late his write comes. It fails where there is such a document.
func (s *Store) fence(ctx context.Context, e *schema.Entity, generation int64) error {
	_, err := s.collection(e).InsertOne(ctx, bson.D{{Key: idField, Value: postID}, {Key: notedField, Value: int64(0)}})
	if err != nil && !isDuplicate(err) {
		return err
	}
	if _, err := s.collection(e).Indexes().CreateOne(ctx, fenceOf(generation)); err != nil {
		return err
	}
	return s.dropFences(ctx, e, generation)
}

// dropFences drops the fences of older generations: that of this one keeps out what they
// did. That of a newer one stays, which somebody has made who did not sleep meanwhile.
func (s *Store) dropFences(ctx context.Context, e *schema.Entity, before int64) error {
	there, err := s.collection(e).Indexes().ListSpecifications(ctx)
	if err != nil {
		return err
	}
	for _, index := range there {
		number, isFence := strings.CutPrefix(index.Name, fencePrefix)
		generation, err := strconv.ParseInt(number, 10, 64)
		if isFence && err == nil && generation < before {
			if err := s.dropIndex(ctx, e, index.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// isClaimed says whether an entity of these indexes has unique values, and so may need a fence.
func isClaimed(indexes []driver.IndexModel) bool {
	return slices.ContainsFunc(indexes, func(i driver.IndexModel) bool { return nameOf(i) == claimsIndex })
}

// isFenced says whether a write was refused because it goes by an older note.
func isFenced(err error) bool {
	if !isDuplicate(err) {
		return false
	}
	said, _, _ := strings.Cut(err.Error(), "dup key") // behind it MongoDB shows the value, which may be anything
	return strings.Contains(said, fencePrefix)
}

// byNote repeats a write that a fence has refused, which goes by what is noted now.
func (s *Store) byNote(ctx context.Context, e *schema.Entity, write func(keptKeys) error) error {
	for attempt := 1; ; attempt++ {
		err := write(s.keeping(e))
		if !isFenced(err) || attempt == attempts {
			return err
		}
		if err := s.readKept(ctx, e); err != nil {
			return err
		}
	}
}
