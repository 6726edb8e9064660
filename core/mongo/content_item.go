package mongo

import (
	"context"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// contentItems calls each for the parts of all contents, which others may put and remove
// meanwhile.
func (s *Store) contentItems(ctx context.Context, each func(core.Item) error) error {
	ids, err := s.contentIDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		from, err := s.OpenContent(ctx, id, 0)
		if core.CodeOf(err) == core.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if err := core.ContentParts(id, from, each); err != nil && core.CodeOf(err) != core.NotFound { // which is a part
			return err
		}
	}
	return nil
}

func (s *Store) contentIDs(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, copyTime) // rather than the client's, for one operation
	defer cancel()
	cursor, err := s.majority(contentsCollection).Find(ctx, bson.D{})
	if err != nil {
		return nil, s.failed("list the files", err)
	}
	ids, err := all(ctx, cursor, func(raw bson.Raw) (string, error) { return raw.Lookup(idField).StringValue(), nil })
	slices.Sort(ids)
	return slices.Compact(ids), s.failed("list the files", err) // a cursor may tell one twice
}

// putContents writes the parts of contents, each of which is there with its last one.
func (r restoring) putContents(ctx context.Context, items []core.Item) error {
	for _, i := range items {
		p := i.Content
		if len(p.Data) > 0 {
			if _, err := r.contentChunks().InsertOne(ctx, contentChunkDocument{bson.NewObjectID(), p.File, int32(p.N), p.Data}); err != nil { //nolint:gosec // fewer than a file has bytes
				return err
			}
		}
		if !p.End {
			continue
		}
		d := contentDocument{ID: p.File, Length: int64(p.N)*core.ContentPartSize + int64(len(p.Data)), ChunkSize: contentChunk, UploadDate: time.Now(), Filename: p.File}
		if _, err := r.contents().InsertOne(ctx, d); err != nil {
			return err
		}
	}
	return nil
}
