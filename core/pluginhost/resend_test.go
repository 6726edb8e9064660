package pluginhost

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// drainer answers one method of the protocol.
type drainer struct {
	pluginpb.UnimplementedPluginServer
	err error
}

func (d drainer) Drain(context.Context, *pluginpb.DrainRequest) (*pluginpb.DrainResponse, error) {
	return &pluginpb.DrainResponse{}, d.err
}

// dial connects to a plugin that answers with err, or to nobody.
func dial(t *testing.T, listens bool, err error) *link {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	if listens {
		l, failed := net.Listen("unix", socket)
		if failed != nil {
			t.Fatal(failed)
		}
		s := grpc.NewServer()
		pluginpb.RegisterPluginServer(s, drainer{err: err})
		go s.Serve(l)
		t.Cleanup(s.Stop)
	}
	conn, failed := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUnaryInterceptor(markUnsent))
	if failed != nil {
		t.Fatal(failed)
	}
	t.Cleanup(func() { conn.Close() })
	return &link{plugin: pluginpb.NewPluginClient(conn)}
}

func TestACallIsSentAgainOnlyIfItReachedNobodyAndWritesNothing(t *testing.T) {
	t.Parallel()
	away := status.Error(codes.Unavailable, "going away")
	tests := map[string]struct {
		listens, mayWrite bool
		sent              int
		want              core.Code
	}{
		"a query that reached nobody":      {false, false, 2, ""},
		"a mutation that reached nobody":   {false, true, 1, core.Unavailable},
		"a query that reached a plugin":    {true, false, 1, core.Unavailable},
		"a mutation that reached a plugin": {true, true, 1, core.Unavailable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &Host{config: Config{}.withDefaults()}
			h.board.changed, h.calls.running = make(chan struct{}), map[string]*call{}
			h.board.add(&entry{status: Status{Name: "p"}, link: dial(t, tt.listens, away), terms: Terms{Limits: Limits{Concurrency: 1}}})
			next, sent := dial(t, true, nil), 0
			err := h.ask(t.Context(), &call{plugin: "p", mayWrite: tt.mayWrite}, time.Minute, func(ctx context.Context, client pluginpb.PluginClient, _ *pluginpb.CallContext) error {
				sent++
				_, err := client.Drain(ctx, &pluginpb.DrainRequest{})
				h.board.update("p", func(e *entry) { e.link = next }) // a process that has just come up
				return err
			})
			if sent != tt.sent || core.CodeOf(err) != tt.want {
				t.Errorf("sent %d times, %v; want %d, %q", sent, err, tt.sent, tt.want)
			}
		})
	}
}
