package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// pagesAreHandedOut asks for the index of each page, and for what lies beside its folder
// or nowhere.
func pagesAreHandedOut(ctx context.Context, b *bench) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	if len(d.GetPages()) == 0 {
		return inapplicable("the plugin has no pages")
	}
	var wrong []error
	for _, p := range d.GetPages() {
		for file, want := range map[string]int32{"index.html": 200, "no-such-file.js": 404, "../plugin.yaml": 404, "../../../../../../../etc/passwd": 404} {
			var status int32
			var size int
			_, err := b.call(ctx, l, handler{"page", p.GetName(), func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
				status, size, err = askPage(ctx, c, id, "/.pages/"+p.GetName()+"/"+file)
				return nil, err
			}})
			switch {
			case err != nil:
				wrong = append(wrong, fmt.Errorf("page %s: %s: %w", p.GetName(), file, err))
			case status != want || want == 200 && size == 0:
				wrong = append(wrong, fmt.Errorf("page %s: %s is answered with the status %d and %d bytes; want %d", p.GetName(), file, status, size, want))
			}
		}
	}
	return errors.Join(wrong...)
}

// askPage returns the status of the answer and how many bytes it has.
func askPage(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext, target string) (status int32, size int, err error) {
	stream, err := c.ServeHTTP(ctx)
	if err != nil {
		return 0, 0, err
	}
	head := &pluginpb.HTTPRequestHead{Context: id, Method: "GET", Target: target, Host: "localhost", RemoteAddress: "127.0.0.1:1"}
	_ = stream.Send(&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Head{Head: head}}) // Recv says what went wrong
	_ = stream.CloseSend()
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return status, size, nil
		}
		if err != nil {
			return status, size, err
		}
		status = max(status, part.GetHead().GetStatus())
		size += len(part.GetBody())
	}
}
