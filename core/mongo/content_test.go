package mongo

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// shutting is empty, and shuts a door when it is read.
type shutting struct{ door *door }

func (s shutting) Read([]byte) (int, error) {
	s.door.Shut()
	return 0, io.EOF
}

func TestADatabaseThatGoesInTheMiddleOfAFileLeavesNoFile(t *testing.T) {
	door := newDoor(t, strings.TrimPrefix(mongotest.Server(t), "mongodb://"))
	s := open(t, "mongodb://"+door.address, soon)
	t.Cleanup(func() { s.Close() })
	eventually(t, "Prepare", func() error { return s.Prepare(t.Context(), model(t)) })
	content := bytes.Repeat([]byte("xyz"), 400_000)
	whole, cut := uuid.NewString(), uuid.NewString()
	if _, err := s.PutContent(t.Context(), whole, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	_, err := s.PutContent(t.Context(), cut, io.MultiReader(bytes.NewReader(content), shutting{door}, bytes.NewReader(content)))
	unavailable(t, "PutContent", err, unreachable)
	r, err := s.OpenContent(t.Context(), whole, 0)
	if err == nil {
		_, err = io.ReadAll(r)
	}
	unavailable(t, "OpenContent", err, unreachable)

	door.Open()
	eventually(t, "RemoveContent", func() error { return s.RemoveContent(t.Context(), cut) })
	if _, err := s.OpenContent(t.Context(), cut, 0); core.CodeOf(err) != core.NotFound {
		t.Errorf("the file that was cut off: %v; want NOT_FOUND", err)
	}
	if n, err := s.contentChunks().CountDocuments(t.Context(), bson.D{{Key: "files_id", Value: cut}}); n != 0 || err != nil {
		t.Errorf("%d parts of it are left, %v", n, err)
	}
	r, err = s.OpenContent(t.Context(), whole, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the other file has %d bytes, or others: %v", len(got), err)
	}
}

// A file of many chunks is removed by commands each of which ends in time.
func TestAFileOfManyChunksIsRemoved(t *testing.T) {
	s := open(t, mongotest.Server(t), soon)
	t.Cleanup(func() { s.Close() })
	id := uuid.NewString()
	var chunks []any
	for n := range int32(2*removedAtOnce + 1) {
		chunks = append(chunks, contentChunkDocument{bson.NewObjectID(), id, n, []byte("x")})
	}
	if err := s.contentChunks().InsertMany(t.Context(), chunks, anyOrder); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveContent(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if n, err := s.contentChunks().CountDocuments(t.Context(), bson.D{{Key: "files_id", Value: id}}); n != 0 || err != nil {
		t.Errorf("%d chunks are left, %v", n, err)
	}
}
