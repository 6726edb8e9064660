package plugintest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract/upload"
	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// uploaded is a file that was uploaded.
type uploaded struct {
	value   map[string]any // what a record says of it
	content []byte
	by      string
}

// Upload is a file that the user uploads, as POST /files does: its ID goes into a field of
// type file.
func (h *Host) Upload(name string, content []byte) sdk.File {
	h.t.Helper()
	file, err := h.keep(h.tester().id(), name, bytes.NewReader(content))
	if err != nil {
		h.t.Fatal(shown(err))
	}
	return sdk.File{ID: file.GetId(), Name: file.GetName(), Size: file.GetSize(), MediaType: file.GetMediaType(), SHA256: file.GetSha256()}
}

// Content is what is in a file, whoever has uploaded it.
func (h *Host) Content(id string) []byte {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	one, is := h.files[id]
	if !is {
		h.t.Fatalf("there is no file %s", id)
	}
	return one.content
}

// keep reads a content to its end, and keeps nothing if that does not come.
func (h *Host) keep(by, said string, from io.Reader) (*pluginpb.File, error) {
	name := upload.Name(said)
	if name == "" {
		return nil, upload.NoName()
	}
	content, err := io.ReadAll(from)
	if err != nil {
		return nil, &sdk.Error{Code: sdk.CodeInvalid, Message: "Nothing was uploaded: the file did not come whole. Send it again."}
	}
	var beginning upload.Beginning
	_, _ = beginning.Write(content) // it takes all
	sum := sha256.Sum256(content)
	file := &pluginpb.File{Name: name, Size: int64(len(content)), MediaType: beginning.MediaType(), Sha256: hex.EncodeToString(sum[:])}
	h.mu.Lock()
	defer h.mu.Unlock()
	file.Id = fmt.Sprintf("00000000-0000-7000-8000-%012d", len(h.files)+1)
	h.files[file.GetId()] = uploaded{content: content, by: by, value: map[string]any{
		"id": file.GetId(), "name": name, "size": file.GetSize(), "mediaType": file.GetMediaType(), "sha256": file.GetSha256(),
	}}
	return file, nil
}

// takeFiles completes the ids of uploads that a wish has put into fields for files. What the
// record had before stays as it was. A rule may put uploads of the plugin there.
func (h *Host) takeFiles(e *schema.Entity, who author, before map[string]any, after *stored, hooked, unruled bool) {
	known := map[string]any{}
	e.EachFile(clone(before), func(_ string, value any) any {
		if id, is := schema.FileID(value); is {
			known[id] = value
		}
		return value
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	e.EachFile(after.values, func(_ string, sent any) any {
		id, is := schema.FileID(sent)
		if !is {
			return sent // Check says what is wrong with it
		}
		if known[id] != nil {
			return known[id]
		}
		one, there := h.files[id]
		if there && (one.by == who.id() || unruled || hooked && one.by == h.description.GetName()) {
			return maps.Clone(one.value)
		}
		return map[string]any{"id": id}
	})
}

// ReadFile reads a file of a record.
func (c *callbacks) ReadFile(r *pluginpb.ReadFileRequest, stream grpc.ServerStreamingServer[pluginpb.ReadFileResponse]) error {
	one, err := c.file(r)
	if err != nil {
		return stream.Send(&pluginpb.ReadFileResponse{Part: &pluginpb.ReadFileResponse_Error{Error: toWire(err)}})
	}
	v := one.value
	file := &pluginpb.File{Id: r.GetFile(), Name: v["name"].(string), Size: v["size"].(int64), MediaType: v["mediaType"].(string), Sha256: v["sha256"].(string)}
	if err := stream.Send(&pluginpb.ReadFileResponse{Part: &pluginpb.ReadFileResponse_File{File: file}}); err != nil {
		return err
	}
	return httpwire.Send(bytes.NewReader(one.content), func(part []byte) error {
		return stream.Send(&pluginpb.ReadFileResponse{Part: &pluginpb.ReadFileResponse_Data{Data: part}})
	})
}

func (c *callbacks) file(r *pluginpb.ReadFileRequest) (one uploaded, err error) {
	if err := c.entitled(r.GetContext()); err != nil {
		return one, err
	}
	has := false
	e := c.model.Entity(r.GetEntity())
	if e == nil {
		return one, upload.NotThere()
	}
	if record := c.store.get(e, r.GetRecord()); record != nil {
		e.EachFile(clone(record.values), func(_ string, value any) any {
			id, _ := schema.FileID(value)
			has = has || id == r.GetFile()
			return value
		})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	one, there := c.files[r.GetFile()]
	if !has || !there {
		return one, upload.NotThere()
	}
	return one, nil
}

func (c *callbacks) WriteFile(stream grpc.ClientStreamingServer[pluginpb.WriteFileRequest, pluginpb.WriteFileResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	head := first.GetHead()
	file, err := c.writeFile(stream.Context(), head, func() ([]byte, error) {
		part, err := stream.Recv()
		return part.GetData(), err
	})
	return stream.SendAndClose(&pluginpb.WriteFileResponse{File: file, Error: toWire(err)})
}

func (c *callbacks) writeFile(ctx context.Context, head *pluginpb.WriteFileHead, receive func() ([]byte, error)) (*pluginpb.File, error) {
	if err := c.entitled(head.GetContext()); err != nil {
		return nil, err
	}
	who, err := c.writer(head.GetContext(), "upload the file "+head.GetName())
	if err != nil {
		return nil, err
	}
	return c.keep(who.id(), head.GetName(), httpwire.Parts(ctx, ctx, receive))
}
