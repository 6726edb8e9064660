package mongo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// The contents of files lie as GridFS has them, so that every tool for it reads them. The
// driver's own bucket is not used for it: it takes 16 MiB of memory for each upload, one
// deadline for all of it, does not begin to read in the middle, and its writes know nothing
// of deadlocks.
const (
	contentsCollection      = "xrm.files.files"
	contentChunksCollection = "xrm.files.chunks"

	// contentChunk is the size of a chunk in bytes, the one that GridFS has by default.
	contentChunk = core.ContentPartSize
)

func contentChunkIndexes() []driver.IndexModel {
	return []driver.IndexModel{{
		Keys:    bson.D{{Key: "files_id", Value: 1}, {Key: "n", Value: 1}},
		Options: options.Index().SetName("files_id_1_n_1").SetUnique(true),
	}}
}

type contentDocument struct {
	ID         string    `bson:"_id"`
	Length     int64     `bson:"length"`
	ChunkSize  int32     `bson:"chunkSize"`
	UploadDate time.Time `bson:"uploadDate"`
	Filename   string    `bson:"filename"`
}

type contentChunkDocument struct {
	ID   bson.ObjectID `bson:"_id"`
	File string        `bson:"files_id"`
	N    int32         `bson:"n"`
	Data []byte        `bson:"data"`
}

func (s *Store) contents() collection      { return s.in(contentsCollection) }
func (s *Store) contentChunks() collection { return s.in(contentChunksCollection) }

// PutContent stores what a reader gives under an id that no content had before, and
// returns its size. It is there whole when it returns nil, and not at all before.
func (s *Store) PutContent(ctx context.Context, id string, from io.Reader) (size int64, err error) {
	size, err = s.putContent(ctx, id, from)
	if err != nil {
		_ = s.RemoveContent(context.WithoutCancel(ctx), id) // or whoever has begun this sees to it later
	}
	return size, err
}

func (s *Store) putContent(ctx context.Context, id string, from io.Reader) (size int64, err error) {
	chunk := make([]byte, contentChunk)
	for n := int32(0); ; n++ {
		length, end := io.ReadFull(from, chunk)
		if end != nil && !errors.Is(end, io.EOF) && !errors.Is(end, io.ErrUnexpectedEOF) {
			return size, end
		}
		if length > 0 {
			if _, err := s.contentChunks().InsertOne(ctx, contentChunkDocument{bson.NewObjectID(), id, n, chunk[:length]}); err != nil {
				return size, s.failed("store a part of the file "+id, err) // whatever became of it, nobody knows it
			}
			size += int64(length)
		}
		if end != nil {
			break
		}
	}
	_, err = s.contents().InsertOne(ctx, contentDocument{ID: id, Length: size, ChunkSize: contentChunk, UploadDate: time.Now(), Filename: id})
	return size, s.failed("store the file "+id, err)
}

// OpenContent reads a content from an offset on. NotFound says that there is none.
func (s *Store) OpenContent(ctx context.Context, id string, from int64) (io.ReadCloser, error) {
	var d contentDocument
	err := s.contents().FindOne(ctx, bson.D{{Key: idField, Value: id}}).Decode(&d)
	if errors.Is(err, driver.ErrNoDocuments) {
		return nil, core.NoContent(id)
	}
	if err == nil && d.ChunkSize <= 0 {
		err = fmt.Errorf("its chunks have %d bytes", d.ChunkSize)
	}
	if err != nil {
		return nil, s.failed("open the file "+id, err)
	}
	return &contentReader{store: s, ctx: ctx, file: d, at: min(from, d.Length)}, nil
}

// contentReader reads chunk by chunk, so that whoever reads slowly holds no cursor.
type contentReader struct {
	store *Store
	ctx   context.Context //nolint:containedctx // it lives as long as whoever reads
	file  contentDocument
	at    int64
	rest  []byte // of the chunk that at lies in
}

func (r *contentReader) Read(p []byte) (int, error) {
	if r.at >= r.file.Length {
		return 0, io.EOF
	}
	if len(r.rest) == 0 {
		if err := r.chunk(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest, r.at = r.rest[n:], r.at+int64(n)
	return n, nil
}

func (r *contentReader) chunk() error {
	size := int64(r.file.ChunkSize)
	n := r.at / size
	var d contentChunkDocument
	err := r.store.contentChunks().FindOne(r.ctx, bson.D{{Key: "files_id", Value: r.file.ID}, {Key: "n", Value: n}}).Decode(&d)
	if errors.Is(err, driver.ErrNoDocuments) || err == nil && int64(len(d.Data)) != min(size, r.file.Length-n*size) {
		return core.NoContent(r.file.ID) // it was removed meanwhile, or is damaged
	}
	if err != nil {
		return r.store.failed("read the file "+r.file.ID, err)
	}
	r.rest = d.Data[r.at%size:]
	return nil
}

func (r *contentReader) Close() error { return nil }

// removedAtOnce is how many chunks one command removes: few enough for the time that it has.
const removedAtOnce = 256

// RemoveContent removes a content, or what is there of one that has not come whole. It
// can be repeated.
func (s *Store) RemoveContent(ctx context.Context, id string) error {
	_, err := s.contents().DeleteOne(ctx, bson.D{{Key: idField, Value: id}})
	for more := true; more && err == nil; {
		more, err = s.removeChunks(ctx, id)
	}
	return s.failed("remove the file "+id, err) // it is removed again, until that is done
}

func (s *Store) removeChunks(ctx context.Context, id string) (more bool, err error) {
	some := options.Find().SetProjection(bson.D{{Key: idField, Value: 1}}).SetLimit(removedAtOnce)
	cursor, err := s.contentChunks().Find(ctx, bson.D{{Key: "files_id", Value: id}}, some)
	if err != nil {
		return false, err
	}
	ids, err := all(ctx, cursor, func(raw bson.Raw) (bson.ObjectID, error) { return raw.Lookup(idField).ObjectID(), nil })
	if err != nil || len(ids) == 0 {
		return false, err
	}
	_, err = s.contentChunks().DeleteMany(ctx, bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: ids}}}})
	return len(ids) == removedAtOnce, err
}
