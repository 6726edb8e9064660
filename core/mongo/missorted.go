package mongo

import (
	"context"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Missorted are the paths, for each of the records with these ids, whose sort key is not
// that of the text there: filters and orders miss it. An instance has written it that
// knew nothing of the key, or sorts otherwise.
func (s *Store) Missorted(ctx context.Context, e *schema.Entity, ids []string) (map[string][]string, error) {
	d := s.declaredOf(e.Stored().Name)
	if d == nil || len(d.collated) == 0 || len(ids) == 0 {
		return nil, nil
	}
	values := make(bson.A, len(ids))
	for i, id := range ids {
		values[i] = id
	}
	doing := "look at the sort keys of " + e.Plural
	cursor, err := s.collection(e).Find(ctx, isIn(idField, values), options.Find().SetProjection(append(projection(d.collated), bson.E{Key: sortField, Value: 1})))
	if err != nil {
		return nil, s.failed(doing, err)
	}
	missorted := map[string][]string{}
	_, err = all(ctx, cursor, func(raw bson.Raw) (*core.Record, error) {
		r, err := decodeRecord(e.Name, raw)
		if err != nil {
			return nil, err
		}
		for _, path := range d.collated {
			want := ""
			if text, isText := schema.Lookup(r.Values, path).(string); isText {
				want = s.collation.Key(text)
			}
			if have, _ := raw.Lookup(append([]string{sortField}, strings.Split(path, ".")...)...).StringValueOK(); have != want {
				missorted[r.ID] = append(missorted[r.ID], path)
			}
		}
		return r, nil
	})
	return missorted, s.failed(doing, err)
}
