package pluginhost

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

type (
	readStream  = grpc.ServerStreamingServer[pluginpb.ReadFileResponse]
	writeStream = grpc.ClientStreamingServer[pluginpb.WriteFileRequest, pluginpb.WriteFileResponse]
)

// streaming does something with a file in the name of whoever asks. It takes no turn from
// those who read records: it may last as long as its stream.
func (c *callbacks) streaming(ctx context.Context, id *pluginpb.CallContext, do func(context.Context, *call, core.Actor) error) *pluginpb.Error {
	return c.during(ctx, id, func(ctx context.Context, one *call) error {
		actor, err := c.actor(one, id.GetAsPlugin())
		if err != nil {
			return err
		}
		goOn, err := c.traffic.stay()
		if err != nil {
			return err
		}
		defer goOn()
		if err := budget.From(ctx).Take(2 * pluginpb.MaxPart); err != nil {
			return err
		}
		return do(ctx, one, actor)
	})
}

// ReadFile sends a file to a plugin.
func (c *callbacks) ReadFile(r *pluginpb.ReadFileRequest, stream readStream) error {
	refused := c.streaming(stream.Context(), r.GetContext(), func(ctx context.Context, one *call, a core.Actor) error {
		f, content, err := c.host.config.OpenFile(ctx, a, one.on, r.GetEntity(), r.GetRecord(), r.GetFile())
		if err != nil {
			return err
		}
		defer func() { _ = content.Close() }() // what was read is read
		if err := send(ctx, stream, &pluginpb.ReadFileResponse{Part: &pluginpb.ReadFileResponse_File{File: fileToWire(f)}}); err != nil {
			return err
		}
		return httpwire.Send(content, func(part []byte) error {
			return send(ctx, stream, &pluginpb.ReadFileResponse{Part: &pluginpb.ReadFileResponse_Data{Data: part}})
		})
	})
	if refused == nil {
		return nil
	}
	return sendLast(stream, &pluginpb.ReadFileResponse{Part: &pluginpb.ReadFileResponse_Error{Error: refused}})
}

// WriteFile keeps a file that a plugin sends.
func (c *callbacks) WriteFile(stream writeStream) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	head, answer := first.GetHead(), &pluginpb.WriteFileResponse{}
	answer.Error = c.streaming(stream.Context(), head.GetContext(), func(ctx context.Context, one *call, a core.Actor) error {
		if err := c.mayWrite(one, "upload the file "+head.GetName()); err != nil {
			return err
		}
		content := httpwire.Parts(ctx, stream.Context(), func() ([]byte, error) {
			part, err := stream.Recv()
			return part.GetData(), err
		})
		defer content.End()
		f, err := c.host.config.KeepFile(ctx, a, one.on, head.GetName(), content)
		if err == nil {
			answer.File = fileToWire(f)
		}
		return err
	})
	return stream.SendAndClose(answer)
}

func fileToWire(f core.File) *pluginpb.File {
	return &pluginpb.File{Id: f.ID, Name: f.Name, Size: f.Size, MediaType: f.MediaType, Sha256: f.SHA256}
}
