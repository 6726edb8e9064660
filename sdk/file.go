package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// File is what a record says of a file, in a field of type file. The content is read
// with Host.OpenFile. To put a file into a record, its ID is enough.
type File struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Size      int64  `json:"size"`      // in bytes
	MediaType string `json:"mediaType"` // found in the content: "application/pdf"
	SHA256    string `json:"sha256"`    // in hexadecimal digits
}

// File returns the file at a path; the zero File for none.
func (r *Record) File(path string) File { return fileOf(r.value(path)) }

// Files returns the files of a list at a path, in order.
func (r *Record) Files(path string) []File {
	items, _ := r.value(path).([]any)
	files := make([]File, len(items))
	for i, item := range items {
		files[i] = fileOf(item)
	}
	return files
}

// fileOf reads a value, or the id that a handler has put in its place.
func fileOf(value any) (f File) {
	if id, is := value.(string); is {
		return File{ID: id}
	}
	parts, _ := value.(map[string]any)
	f.ID, _ = parts["id"].(string)
	f.Name, _ = parts["name"].(string)
	f.Size, _ = parts["size"].(int64)
	f.MediaType, _ = parts["mediaType"].(string)
	f.SHA256, _ = parts["sha256"].(string)
	return f
}

func fileFromWire(f *pluginpb.File) File {
	return File{ID: f.GetId(), Name: f.GetName(), Size: f.GetSize(), MediaType: f.GetMediaType(), SHA256: f.GetSha256()}
}

// FileReader reads the content of a file as it comes. io.EOF says that all of it has come,
// with the checksum that it was uploaded with; what breaks off ends with another error.
type FileReader struct {
	File
	body *httpwire.Body
}

// Read implements io.Reader.
func (r *FileReader) Read(p []byte) (int, error) { return r.body.Read(p) }

// Close lets go of the file, read to its end or not.
func (r *FileReader) Close() error { return r.body.Close() }

// OpenFile implements Host.
func (c caller) OpenFile(ctx context.Context, entity, id, file string) (*FileReader, error) {
	ctx, end := context.WithCancel(ctx)
	stream, err := c.host.ReadFile(ctx, &pluginpb.ReadFileRequest{Context: c.context, Entity: entity, Record: id, File: file})
	var first *pluginpb.ReadFileResponse
	if err == nil {
		first, err = stream.Recv()
	}
	if err != nil {
		err = fmt.Errorf("open the file %s of the %s %s at the host: %w", file, entity, id, err)
	} else {
		err = errorFromWire(first.GetError())
	}
	if err != nil {
		end()
		return nil, err
	}
	body := &httpwire.Body{End: end, Next: func() ([]byte, error) {
		part, err := stream.Recv()
		if err == nil {
			err = errorFromWire(part.GetError())
		}
		return part.GetData(), err
	}}
	return &FileReader{File: fileFromWire(first.GetFile()), body: body}, nil
}

// UploadFile implements Host.
func (c caller) UploadFile(ctx context.Context, name string, content io.Reader) (File, error) {
	ctx, end := context.WithCancel(ctx)
	defer end() // a content that breaks off leaves nothing
	failed := func(err error) (File, error) { return File{}, fmt.Errorf("upload the file %s: %w", name, err) }
	stream, err := c.host.WriteFile(ctx)
	if err != nil {
		return failed(err)
	}
	head := &pluginpb.WriteFileHead{Context: c.context, Name: name}
	err = stream.Send(&pluginpb.WriteFileRequest{Part: &pluginpb.WriteFileRequest_Head{Head: head}})
	if err == nil {
		if err := httpwire.Send(content, func(part []byte) error {
			return stream.Send(&pluginpb.WriteFileRequest{Part: &pluginpb.WriteFileRequest_Data{Data: part}})
		}); err != nil {
			return failed(err)
		}
	} else if !errors.Is(err, io.EOF) { // io.EOF: the answer says why
		return failed(err)
	}
	answer, err := stream.CloseAndRecv()
	if err != nil {
		return failed(err)
	}
	return fileFromWire(answer.GetFile()), errorFromWire(answer.GetError())
}
