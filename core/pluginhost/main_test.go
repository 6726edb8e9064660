package pluginhost_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// shimWord makes the test binary the shim.
const shimWord = "plugin-exec"

// The test binary is its own plugin. A plugin sees no environment of ours, so
// what it plays is in its first argument, or in the name under which it was
// started.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == shimWord {
		runtime.LockOSThread() // and another thread executes the plugin, to which this one's orders of the kernel do not pass
		failed := make(chan error)
		go func() { failed <- pluginhost.Exec(os.Args[2:]) }()
		fmt.Fprintln(os.Stderr, <-failed)
		os.Exit(1)
	}
	if os.Getenv(pluginpb.CookieKey) == pluginpb.CookieValue {
		play(append(os.Args, filepath.Base(os.Args[0]))[1])
		syscall.Exit(0) // os.Exit of a program with the race detector takes a second
	}
	if dir := os.Getenv("XRM_TEST_HOST"); dir != "" {
		hostUntilKilled(dir)
		return
	}
	os.Exit(m.Run())
}

func play(role string) {
	switch role {
	case "hangs":
		select {}
	case "exits":
		fmt.Fprintln(os.Stderr, "no license found")
		os.Exit(3)
	case "calls":
		sdk.Serve(caller())
		syscall.Exit(0)
	case "vouchers":
		sdk.Serve(vouchers())
		syscall.Exit(0)
	case "mailbox":
		sdk.Serve(mailbox())
		syscall.Exit(0)
	case "reaches":
		sdk.Serve(reaching())
		syscall.Exit(0)
	case "prints-first":
		fmt.Println("Welcome!")
	case "other-protocol":
		fmt.Println("1|7|unix|" + os.Getenv("PLUGIN_UNIX_SOCKET_DIR") + "/plugin|grpc|x")
		select {}
	case "made-up-address":
		fmt.Println("1|1|tcp|127.0.0.1:1|grpc|x")
		select {}
	case "linked":
		socket := os.Getenv("PLUGIN_UNIX_SOCKET_DIR") + "/plugin"
		if err := errors.Join(os.WriteFile(socket+".other", nil, 0o600), os.Symlink(socket+".other", socket)); err != nil {
			panic(err)
		}
		fmt.Println("1|1|unix|" + socket + "|grpc|x")
		select {}
	case "no-certificate":
		fmt.Println("1|1|unix|" + os.Getenv("PLUGIN_UNIX_SOCKET_DIR") + "/plugin|grpc|")
		select {}
	case "net-rpc":
		fmt.Println("1|1|unix|" + os.Getenv("PLUGIN_UNIX_SOCKET_DIR") + "/plugin|netrpc|x")
		select {}
	case "garbage":
		os.Stderr.WriteString("{\"@message\": 1}\n\xff\xfe\x00 not text\n{\n" + strings.Repeat("x", 1<<20) + "\n")
	case "grandchild":
		child := exec.Command("sleep", "20")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // out of reach of a kill of the group
		if err := child.Start(); err != nil {
			panic(err)
		}
		if err := os.WriteFile(filepath.Join(os.TempDir(), "grandchild"), []byte(strconv.Itoa(child.Process.Pid)), 0o600); err != nil {
			panic(err)
		}
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: pluginpb.Protocol, MagicCookieKey: pluginpb.CookieKey, MagicCookieValue: pluginpb.CookieValue},
		Plugins:         goplugin.PluginSet{pluginpb.Service: &actor{role: role}},
		GRPCServer:      goplugin.DefaultGRPCServer,
		Logger:          hclog.NewNullLogger(),
	})
}

// actor is a plugin that speaks the protocol itself, without the SDK, and not
// always well.
type actor struct {
	goplugin.NetRPCUnsupportedPlugin
	pluginpb.UnimplementedPluginServer
	role   string
	broker *goplugin.GRPCBroker
	host   pluginpb.HostClient

	followers atomic.Int64 // of its subscription
	heard     sync.Map     // by a channel that gets each *pluginpb.HearRequest: true
	held      []net.Conn
}

func (a *actor) GRPCServer(broker *goplugin.GRPCBroker, s *grpc.Server) error {
	a.broker = broker
	pluginpb.RegisterPluginServer(s, a)
	return nil
}

func (a *actor) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("not a host")
}

func (a *actor) Watch(_ *pluginpb.WatchRequest, stream pluginpb.Plugin_WatchServer) error {
	conn, err := a.broker.Dial(pluginpb.HostService)
	if err != nil {
		return err
	}
	a.host = pluginpb.NewHostClient(conn)
	if a.role == "garbage" {
		_, _ = syscall.Write(1, []byte(strings.Repeat("y", 1<<20)+"\nand more\n"))
	}
	if a.role == "ends-at-once" {
		return nil
	}
	if err := stream.Send(&pluginpb.Health{State: pluginpb.Health_SERVING}); err != nil || a.role == "lets-go" {
		return err
	}
	if a.role == "limps" {
		if err := stream.Send(&pluginpb.Health{State: pluginpb.Health_DEGRADED, Reason: "the ERP is away"}); err != nil {
			return err
		}
	}
	<-stream.Context().Done()
	return nil
}

const ticketYAML = `entity: ticket
fields:
  title: {type: text}
  customer: {type: reference, to: customer}
  state: {type: enum, options: [open, closed], default: open, index: true}
`

func scalar(name string) *pluginpb.Type {
	return &pluginpb.Type{Of: &pluginpb.Type_Scalar{Scalar: name}, Required: true}
}

func (a *actor) Describe(ctx context.Context, r *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	d := &pluginpb.DescribeResponse{
		Name: manifested("name"), Version: manifested("version"),
		Entities:   []*pluginpb.EntityFile{{Path: "entities/ticket.yaml", Yaml: []byte(ticketYAML)}},
		BeforeSave: []string{"customer", "ticket"},
		Operations: []*pluginpb.Operation{
			{Name: "environment", Kind: pluginpb.Operation_QUERY, Returns: &pluginpb.Type{Of: &pluginpb.Type_List{List: scalar("text")}}},
			{Name: "closeTicket", Kind: pluginpb.Operation_MUTATION, Doc: "Closes a ticket.",
				Arguments: []*pluginpb.Member{{Name: "id", Type: scalar("id")}, {Name: "by", Doc: "How.", Type: scalar("text")}},
				Returns:   &pluginpb.Type{Of: &pluginpb.Type_Entity{Entity: "ticket"}}},
		},
		Fields: []*pluginpb.ComputedField{
			{Entity: "customer", Name: "tickets", Returns: &pluginpb.Type{Of: &pluginpb.Type_List{List: &pluginpb.Type{Of: &pluginpb.Type_Entity{Entity: "ticket"}}}}},
			{Entity: "customer", Name: "mood", Returns: scalar("text")},
		},
	}
	if a.role == "surveys" {
		d = &pluginpb.DescribeResponse{Name: a.role, Version: "1.0.0"}
	}
	if a.role == "works" {
		d.Fields, d.Operations = nil, jobs
	}
	if a.role == "matures" { // and has rules from version 2.0.0 on
		if d.Fields, d.Operations = nil, d.Operations[:1]; d.Version == "1.0.0" {
			d.BeforeSave = nil
		}
	}
	if a.role == "answers" {
		d = &pluginpb.DescribeResponse{Name: a.role, Version: "1.0.0", Operations: jobs, Endpoints: []*pluginpb.Endpoint{{Path: "/"}}}
	}
	switch a.role {
	case "panics":
		go panic("no such thing") // gRPC's own goroutine would do as well
		select {}
	case "falters":
		return nil, errors.New("out of paper")
	case "refuses":
		return a.UnimplementedPluginServer.Describe(ctx, r)
	}
	if a.role == "someone-else" {
		d.Name = "complaints"
	}
	return d, nil
}

func (a *actor) BeforeSave(ctx context.Context, r *pluginpb.BeforeSaveRequest) (*pluginpb.BeforeSaveResponse, error) {
	answer := &pluginpb.BeforeSaveResponse{}
	for _, change := range r.GetChanges() {
		values, err := pluginpb.Decode(change.GetAfter().GetValues())
		if err != nil {
			return nil, err
		}
		v := &pluginpb.Verdict{}
		switch values["title"] {
		case "hang":
			<-ctx.Done()
			return nil, ctx.Err()
		case "die":
			os.Exit(1)
		case "fail":
			v.Error = &pluginpb.Error{Code: "INTERNAL", Cause: "BeforeSave ticket: panic: nil map"}
		case "no verdict":
			continue
		case "strange patch":
			v.Patch = []byte(`{"color":"red"}`)
		case "broken patch":
			v.Patch = []byte(`[`)
		case "save inside":
			saved, err := a.host.Save(ctx, &pluginpb.SaveRequest{Context: r.GetContext(), Entity: "ticket", Patch: []byte(`{}`)})
			if err != nil {
				return nil, err
			}
			v.Error = saved.GetError()
		case "reject":
			v.Error = &pluginpb.Error{Code: "INVALID", Violations: []*pluginpb.Violation{{Field: "title", Rule: "rejected", Message: "is not nice"}}}
		case "shout":
			v.Patch = []byte(`{"title":"SHOUT","state":null}`)
		}
		if change.GetAfter().GetEntity() == "customer" && values["segment"] == "a" {
			v.Patch = []byte(`{"segment":"A"}`)
		}
		answer.Verdicts = append(answer.Verdicts, v)
	}
	return answer, nil
}

func (a *actor) Resolve(ctx context.Context, r *pluginpb.ResolveRequest) (*pluginpb.ResolveResponse, error) {
	answer := &pluginpb.ResolveResponse{}
	if r.GetField() == "mood" {
		for _, parent := range r.GetParents() {
			answer.Values = append(answer.Values, []byte(map[string]string{"c1": `"happy"`, "c2": `null`, "c3": `7`}[parent.GetId()]))
		}
		if a.role == "miscounts" {
			answer.Values = append(answer.Values, []byte(`"one too many"`))
		}
		return answer, nil
	}
	ids := make([]any, len(r.GetParents()))
	for i, parent := range r.GetParents() {
		ids[i] = parent.GetId()
	}
	filter, err := pluginpb.Encode(map[string]any{"customer": map[string]any{"in": ids}})
	if err != nil {
		return nil, err
	}
	of := map[any][]string{}
	find := &pluginpb.FindRequest{Context: r.GetContext(), Entity: "ticket", Filter: filter, Limit: 3}
	if a.role == "sorts" {
		find.OrderBy = []*pluginpb.OrderBy{{Field: "title"}}
	}
	for {
		found, err := a.host.Find(ctx, find)
		if err != nil || found.GetError() != nil {
			return &pluginpb.ResolveResponse{Error: found.GetError()}, err
		}
		for _, ticket := range found.GetRecords() {
			values, err := pluginpb.Decode(ticket.GetValues())
			if err != nil {
				return nil, err
			}
			of[values["customer"]] = append(of[values["customer"]], ticket.GetId())
		}
		if find.After = found.GetNext(); find.After == "" {
			break
		}
	}
	for _, parent := range r.GetParents() {
		value, err := json.Marshal(of[parent.GetId()])
		if err != nil {
			return nil, err
		}
		answer.Values = append(answer.Values, value)
	}
	return answer, nil
}

func (a *actor) Call(ctx context.Context, r *pluginpb.CallRequest) (*pluginpb.CallResponse, error) {
	if a.role == "works" || a.role == "answers" {
		return a.job(ctx, r)
	}
	if r.GetOperation() == "environment" {
		value, err := json.Marshal(os.Environ())
		return &pluginpb.CallResponse{Result: value}, err
	}
	arguments, err := pluginpb.Decode(r.GetArguments())
	if err != nil {
		return nil, err
	}
	id, _ := arguments["id"].(string)
	switch id {
	case "panic":
		return nil, io.ErrUnexpectedEOF
	case "lie":
		return &pluginpb.CallResponse{Result: []byte(`{"id":"t1"}`)}, nil
	case "idempotency key":
		value, err := json.Marshal(r.GetContext().GetIdempotencyKey())
		return &pluginpb.CallResponse{Result: value}, err
	case "stale token":
		r.Context.Token = "made up"
	}
	saved, err := a.host.Save(ctx, &pluginpb.SaveRequest{Context: r.GetContext(), Entity: "ticket", Id: id, Patch: []byte(`{"state":"closed"}`)})
	if err != nil || saved.GetError() != nil {
		return &pluginpb.CallResponse{Error: saved.GetError()}, err
	}
	value, err := json.Marshal(saved.GetRecord().GetId())
	return &pluginpb.CallResponse{Result: value}, err
}

func (a *actor) Drain(context.Context, *pluginpb.DrainRequest) (*pluginpb.DrainResponse, error) {
	return &pluginpb.DrainResponse{}, nil
}
