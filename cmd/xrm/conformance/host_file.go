package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/upload"
	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// sampleContent is in every file of a sample.
const sampleContent = "A file.\n"

// sampleFile is a value of a field for files, of a type that the field takes.
func sampleFile(f *schema.Field, n int) map[string]any {
	mediaType := "text/plain"
	if len(f.Accept) > 0 {
		mediaType = strings.Replace(f.Accept[0], "/*", "/sample", 1)
	}
	sum := sha256.Sum256([]byte(sampleContent))
	return map[string]any{"id": sampleID(n), "name": "sample", "size": int64(len(sampleContent)), "mediaType": mediaType, "sha256": hex.EncodeToString(sum[:])}
}

// ReadFile implements pluginpb.HostServer. Every id of a file is that of one.
func (h *host) ReadFile(r *pluginpb.ReadFileRequest, stream grpc.ServerStreamingServer[pluginpb.ReadFileResponse]) error {
	e, refused := h.entity(stream.Context(), "ReadFile", r.GetContext(), r.GetEntity())
	if refused == nil && !e.HasFiles() {
		h.mu.Lock()
		h.faults = append(h.faults, fmt.Errorf("ReadFile %s: it has no field of type file", e.Name))
		h.mu.Unlock()
		refused = toWire(upload.NotThere())
	}
	if refused != nil {
		return stream.Send(&pluginpb.ReadFileResponse{Part: &pluginpb.ReadFileResponse_Error{Error: refused}})
	}
	v := sampleFile(&schema.Field{}, 1)
	f := &pluginpb.File{Id: r.GetFile(), Name: v["name"].(string), Size: v["size"].(int64), MediaType: v["mediaType"].(string), Sha256: v["sha256"].(string)}
	if err := stream.Send(&pluginpb.ReadFileResponse{Part: &pluginpb.ReadFileResponse_File{File: f}}); err != nil {
		return err
	}
	return stream.Send(&pluginpb.ReadFileResponse{Part: &pluginpb.ReadFileResponse_Data{Data: []byte(sampleContent)}})
}

// WriteFile implements pluginpb.HostServer. What is uploaded here is forgotten, but for what
// a record says of it.
func (h *host) WriteFile(stream grpc.ClientStreamingServer[pluginpb.WriteFileRequest, pluginpb.WriteFileResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	head, answer := first.GetHead(), &pluginpb.WriteFileResponse{}
	if answer.Error = h.within(stream.Context(), "WriteFile "+head.GetName(), head.GetContext()); answer.Error == nil {
		answer.File, err = h.receive(stream.Context(), head.GetName(), func() ([]byte, error) {
			part, err := stream.Recv()
			return part.GetData(), err
		})
		if answer.Error = toWire(err); err != nil && answer.Error == nil {
			return err
		}
	}
	return stream.SendAndClose(answer)
}

func (h *host) receive(ctx context.Context, said string, parts func() ([]byte, error)) (*pluginpb.File, error) {
	sum, beginning := sha256.New(), &upload.Beginning{}
	size, err := io.Copy(io.MultiWriter(sum, beginning), httpwire.Parts(ctx, ctx, parts))
	f := &pluginpb.File{Name: upload.Name(said), Size: size, MediaType: beginning.MediaType(), Sha256: hex.EncodeToString(sum.Sum(nil))}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case errors.Is(err, httpwire.ErrLong):
		h.faults = append(h.faults, fmt.Errorf("WriteFile %s: %w", said, err))
		return nil, err
	case err != nil:
		return nil, err
	case f.GetName() == "":
		h.faults = append(h.faults, fmt.Errorf("WriteFile: the name %q is none", said))
		return nil, upload.NoName()
	}
	f.Id = sampleID(2_000_000 + len(h.files))
	h.files[f.GetId()] = f
	return f, nil
}

// completeFiles puts what was uploaded into the place of its ids.
func (h *host) completeFiles(e *schema.Entity, values map[string]any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.EachFile(values, func(_ string, value any) any {
		id, is := schema.FileID(value)
		if f := h.files[id]; is && f != nil {
			return map[string]any{"id": id, "name": f.GetName(), "size": f.GetSize(), "mediaType": f.GetMediaType(), "sha256": f.GetSha256()}
		}
		if _, isID := value.(string); isID {
			return map[string]any{"id": value}
		}
		return value
	})
	if violations := e.CheckFiles(values); len(violations) > 0 {
		for _, v := range violations {
			h.faults = append(h.faults, fmt.Errorf("Save %s: %s %s", e.Name, v.Field, v.Message))
		}
		return e.Unfit(violations)
	}
	return nil
}
