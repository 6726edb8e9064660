package mongo

import (
	"context"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Missed are the paths, for each of the records with these ids, of texts that are not found
// by what lies beside the record: sorting where filters and orders miss one, since its sort
// key is not that of the text, and searching where the search does, since its words are not
// among those of the record. An instance has written it that knew nothing of them, or makes
// others.
func (s *Store) Missed(ctx context.Context, e *schema.Entity, ids []string) (sorting, searching map[string][]string, err error) {
	d := s.declaredOf(e.Stored().Name)
	if d == nil || len(d.collated)+len(d.searched) == 0 || len(ids) == 0 {
		return nil, nil, nil
	}
	values := make(bson.A, len(ids))
	for i, id := range ids {
		values[i] = id
	}
	doing := "look at the sort keys and the words of " + e.Plural
	cursor, err := s.collection(e).Find(ctx, isIn(idField, values), options.Find().SetProjection(bson.D{{Key: journalField, Value: 0}}))
	if err != nil {
		return nil, nil, s.failed(doing, err)
	}
	sorting, searching = map[string][]string{}, map[string][]string{}
	note := func(in map[string][]string, r *core.Record, paths []string) {
		if len(paths) > 0 {
			in[r.ID] = paths
		}
	}
	_, err = all(ctx, cursor, func(raw bson.Raw) (*core.Record, error) {
		r, err := decodeRecord(e.Name, raw)
		if err != nil {
			return nil, err
		}
		note(sorting, r, s.missorted(d.collated, r, raw))
		note(searching, r, unsearched(e, d.searched, r, raw))
		return r, nil
	})
	return sorting, searching, s.failed(doing, err)
}

func (s *Store) missorted(paths []string, r *core.Record, raw bson.Raw) (missed []string) {
	for _, path := range paths {
		want := ""
		if text, isText := schema.Lookup(r.Values, path).(string); isText {
			want = s.collation.Key(text)
		}
		if have, _ := raw.Lookup(append([]string{sortField}, strings.Split(path, ".")...)...).StringValueOK(); have != want {
			missed = append(missed, path)
		}
	}
	return missed
}

func unsearched(e *schema.Entity, places []string, r *core.Record, raw bson.Raw) (missed []string) {
	has := textsIn(raw, wordsField)
	if hasAll(has, e.SearchWords(r.Values)) {
		return nil
	}
	for _, place := range places {
		if !hasAll(has, schema.WordsAt(r.Values, place)) {
			missed = append(missed, strings.ReplaceAll(place, ":", "."))
		}
	}
	return missed
}
