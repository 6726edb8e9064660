package mongo

import (
	"context"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Unclaimed are the paths, for each of the records with these ids, of unique values that
// another record can get as well, since their claims are missing, and of claims of what the
// record does not have. One that a batch is about to change is left out.
func (s *Store) Unclaimed(ctx context.Context, e *schema.Entity, ids []string) (map[string][]string, error) {
	d := s.declaredOf(e.Stored().Name)
	if d == nil || len(d.claimed) == 0 || len(ids) == 0 {
		return nil, nil
	}
	values := make(bson.A, len(ids))
	for i, id := range ids {
		values[i] = id
	}
	doing := "look at the claims of " + e.Plural
	filter := append(isIn(idField, values), bson.E{Key: batchField, Value: nil})
	cursor, err := s.collection(e).Find(ctx, filter, options.Find().SetProjection(bson.D{{Key: journalField, Value: 0}}))
	if err != nil {
		return nil, s.failed(doing, err)
	}
	unclaimed := map[string][]string{}
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		r, err := decodeRecord(e.Name, raw)
		if err != nil {
			return struct{}{}, err
		}
		if paths := unclaimedIn(e, d.claimed, r, claimsIn(raw)); len(paths) > 0 {
			unclaimed[r.ID] = paths
		}
		return struct{}{}, nil
	})
	return unclaimed, s.failed(doing, err)
}

func unclaimedIn(e *schema.Entity, paths []string, r *core.Record, claims []string) (wrong []string) {
	for _, one := range (keptKeys{unique: paths}).claimsOf(e, r) {
		if !slices.Contains(claims, one.(string)) {
			path, _, _ := strings.Cut(one.(string), "=")
			wrong = append(wrong, path)
		}
	}
	for _, one := range claims {
		path, _, _ := strings.Cut(one, "=")
		value := schema.Lookup(r.Values, path)
		if r.Deleted() || value == nil || claim(e, path, value) != one {
			wrong = append(wrong, path)
		}
	}
	return unionOf(wrong, nil)
}
