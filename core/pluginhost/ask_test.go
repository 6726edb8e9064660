package pluginhost

import (
	"context"
	"errors"
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
	conn, failed := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUnaryInterceptor(wordUnary))
	if failed != nil {
		t.Fatal(failed)
	}
	t.Cleanup(func() { conn.Close() })
	return &link{plugin: pluginpb.NewPluginClient(conn)}
}

// linked is a host with one plugin, "p".
func linked(l *link) *Host {
	h := &Host{config: Config{}.withDefaults()}
	h.board.changed, h.calls.running = make(chan struct{}), map[string]*call{}
	h.board.add(&entry{status: Status{Name: "p"}, link: l, terms: Terms{Limits: Limits{Concurrency: 1}}})
	return h
}

func TestACallEndsBeforeTheRequestDoes(t *testing.T) {
	t.Parallel()
	h := linked(dial(t, false, nil))
	request, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for timeout, want := range map[time.Duration]time.Duration{time.Hour: time.Minute - 50*time.Millisecond, time.Second: time.Second} {
		_ = h.ask(request, &call{plugin: "p"}, timeout, func(ctx context.Context, _ pluginpb.PluginClient, _ *pluginpb.CallContext) error {
			ends, _ := ctx.Deadline()
			if left := time.Until(ends); left > want {
				t.Errorf("a call that may take %s has %s of the request's minute, want at most %s", timeout, left, want)
			}
			return nil
		})
	}
	late, cancel := context.WithTimeout(t.Context(), 40*time.Millisecond)
	defer cancel()
	err := h.ask(late, &call{plugin: "p"}, time.Hour, func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) error {
		t.Error("a plugin was asked with no time left to answer")
		return nil
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with no time left: %v, want %v", err, context.DeadlineExceeded)
	}
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
			h := linked(dial(t, tt.listens, away))
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
