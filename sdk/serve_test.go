package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// The test binary is also a plugin, when asked by this variable.
const playPlugin = "XRM_TEST_PLUGIN"

func TestMain(m *testing.M) {
	if os.Getenv(playPlugin) != "" {
		sdk.Serve(sdk.Plugin{
			Name: "ticket", Version: "1.2.3",
			BeforeSave: map[string]sdk.SaveFunc{"ticket": check},
		})
		return
	}
	hclog.SetDefault(hclog.NewNullLogger()) // go-plugin's helpers for tests log there
	os.Exit(m.Run())
}

func check(ctx context.Context, host sdk.Host, r *sdk.Record) error {
	switch r.Text("title") {
	case "print":
		fmt.Println("on standard output", strings.Repeat("x", 1<<20))
		fmt.Fprintln(os.Stderr, "on standard error")
	case "panic":
		panic("no such thing")
	case "fail":
		return errors.New("the password is 1234")
	case "not a text":
		return errors.New("broken \xff bytes")
	case "two reasons":
		return errors.Join(sdk.Reject("title", "is dull"), fmt.Errorf("wrapped: %w", sdk.Reject("state", "is early")))
	case "ask":
		other, err := host.Get(ctx, "ticket", "t2")
		if err != nil {
			return err
		}
		r.Values["title"] = other.Text("title")
	}
	return nil
}

func TestAPluginThatIsStartedByHandSaysWhatItIs(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), playPlugin+"=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	const want = `ticket 1.2.3 is a plugin of xrm and does nothing on its own.
Put this program and its plugin.yaml into a folder of their own in the plugin
directory, for example bin/plugins/ticket/, and start: xrm serve --plugins bin/plugins
`
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || errs.String() != want || out.Len() > 0 {
		t.Errorf("%v, standard output %q, standard error %q; want exit status 2 and on standard error\n%s", err, out.String(), errs.String(), want)
	}
}

func TestAHandlerCannotBreakTheProcess(t *testing.T) {
	h := startProcess(t)
	tests := map[string]struct {
		want   string // the verdict
		stderr string // what it prints
	}{
		"nothing":     {"patch ", ""},
		"print":       {"patch ", "on standard output xxx"},
		"panic":       {"INTERNAL  for the log: BeforeSave ticket: panic: no such thing, with its stack", ""},
		"fail":        {"INTERNAL  for the log: BeforeSave ticket: the password is 1234", ""},
		"not a text":  {"INTERNAL  for the log: BeforeSave ticket: broken \uFFFD bytes", ""},
		"two reasons": {"INVALID title is dull, state is early", ""},
		"ask":         {`patch {"title":"From the host"}`, ""},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			if got := h.verdict(t, title); got != tt.want {
				t.Errorf("verdict = %s, want %s", got, tt.want)
			}
			h.stderr.await(t, tt.stderr)
		})
	}
}

func TestAPluginEndsWithItsLifeline(t *testing.T) {
	h := startProcess(t)
	h.cutLifeline()
	select {
	case <-h.process.Done():
	case <-time.After(20 * time.Second):
		t.Error("the process lives on without its host")
	}
}

// hostSide is a host, as little of it as Serve needs.
type hostSide struct {
	goplugin.NetRPCUnsupportedPlugin
	pluginpb.UnimplementedHostServer
	plugin      pluginpb.PluginClient
	process     context.Context // done when the process has ended
	cutLifeline context.CancelFunc
	stderr      *transcript
}

func startProcess(t *testing.T) *hostSide {
	t.Helper()
	h := &hostSide{stderr: &transcript{changed: make(chan struct{})}}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), playPlugin+"=1")
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  goplugin.HandshakeConfig{ProtocolVersion: pluginpb.Protocol, MagicCookieKey: pluginpb.CookieKey, MagicCookieValue: pluginpb.CookieValue},
		Plugins:          goplugin.PluginSet{pluginpb.Service: h},
		Cmd:              cmd,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		AutoMTLS:         true,
		Stderr:           h.stderr,
		Logger:           hclog.NewNullLogger(),
	})
	t.Cleanup(client.Kill)
	protocol, err := client.Client()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := protocol.Dispense(pluginpb.Service); err != nil {
		t.Fatal(err)
	}
	living, cut := context.WithCancel(context.Background())
	t.Cleanup(cut)
	h.cutLifeline = cut
	lifeline, err := h.plugin.Watch(living, &pluginpb.WatchRequest{})
	if err == nil {
		_, err = lifeline.Recv()
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *hostSide) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return errors.New("no plugin")
}

func (h *hostSide) GRPCClient(ctx context.Context, broker *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	go broker.AcceptAndServe(pluginpb.HostService, func(options []grpc.ServerOption) *grpc.Server {
		s := grpc.NewServer(options...)
		pluginpb.RegisterHostServer(s, h)
		return s
	})
	h.plugin, h.process = pluginpb.NewPluginClient(conn), ctx
	return h, nil
}

func (h *hostSide) Get(context.Context, *pluginpb.GetRequest) (*pluginpb.GetResponse, error) {
	return &pluginpb.GetResponse{Record: &pluginpb.Record{Entity: "ticket", Id: "t2", Values: []byte(`{"title":"From the host"}`)}}, nil
}

// verdict asks the plugin about a ticket with this title.
func (h *hostSide) verdict(t *testing.T, title string) string {
	t.Helper()
	values, err := pluginpb.Encode(map[string]any{"title": title, "number": int64(7)})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := h.plugin.BeforeSave(t.Context(), &pluginpb.BeforeSaveRequest{
		Context: &pluginpb.CallContext{CallId: "c1"},
		Changes: []*pluginpb.Change{{After: &pluginpb.Record{Entity: "ticket", Id: "t1", Values: values}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	v := answer.GetVerdicts()[0]
	if v.GetError() == nil {
		return "patch " + string(v.GetPatch())
	}
	var violations []string
	for _, violation := range v.GetError().GetViolations() {
		violations = append(violations, violation.GetField()+" "+violation.GetMessage())
	}
	said := v.GetError().GetCode() + " " + v.GetError().GetMessage() + strings.Join(violations, ", ")
	if cause := v.GetError().GetCause(); cause != "" {
		said += " for the log: " + cause
	}
	if strings.Contains(v.GetError().GetStack(), "sdk_test.check(") {
		said += ", with its stack"
	}
	return said
}

// transcript keeps what the plugin prints.
type transcript struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func (s *transcript) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
	return s.text.Write(b)
}

// await waits until the plugin has printed the words.
func (s *transcript) await(t *testing.T, words string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		text, changed := s.text.String(), s.changed
		s.mu.Unlock()
		if strings.Contains(text, words) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("the plugin never printed %q but %.2000q", words, text)
		}
	}
}
