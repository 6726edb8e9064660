package sdk_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/testing/protocmp"
)

var update = flag.Bool("update", false, "record calls that are not in pluginpb/testdata/exchanges.jsonl yet")

const exchangesFile = "pluginpb/testdata/exchanges.jsonl"

// exchange is one call as it went over the wire when it was recorded.
type exchange struct {
	RPC      string   `json:"rpc"` // "Plugin.Call"
	Sent     [][]byte `json:"sent"`
	Answered [][]byte `json:"answered"`
	Asked    []string `json:"asked,omitempty"` // the calls back to the host that it caused, in order
}

// tape is a host that answers as it was recorded, and a list of what it was
// asked.
type tape struct {
	*sdk.Transport
	t        *testing.T
	recorded map[string]exchange

	mu    sync.Mutex
	asked []string
}

// What was recorded once is understood and answered the same way for ever.
func TestRecordedCallsAreAnsweredAsBefore(t *testing.T) {
	recorded := readExchanges(t)
	if *update {
		record(t, recorded)
	}
	for _, method := range methods() {
		if _, known := recorded[method]; !known {
			t.Errorf("there is no recording of %s; add it to the script below and run: go test ./sdk -update", method)
		}
	}
	at := play(t, recorded)
	for _, method := range methods() {
		e := recorded[method]
		if e.RPC == "" || strings.HasPrefix(method, "Host.") { // which the plugin calls
			continue
		}
		t.Run(method, func(t *testing.T) {
			answered, asked := at.call(t, method, e.Sent, most(method))
			if diff := cmp.Diff(decoded(t, method, e.Answered), decoded(t, method, answered), protocmp.Transform(), protocmp.IgnoreFields(&pluginpb.DescribeResponse{}, "sdk")); diff != "" {
				t.Errorf("%s is answered otherwise (-recorded +now):\n%s", method, diff)
			}
			if diff := cmp.Diff(e.Asked, asked); diff != "" {
				t.Errorf("it asks the host otherwise (-recorded +now):\n%s", diff)
			}
		})
	}
}

// methods lists all that the protocol has, "Host.Get".
func methods() (all []string) {
	services := pluginpb.File_plugin_proto.Services()
	for i := range services.Len() {
		for j := range services.Get(i).Methods().Len() {
			all = append(all, string(services.Get(i).Name())+"."+string(services.Get(i).Methods().Get(j).Name()))
		}
	}
	return all
}

func describedAs(method string) protoreflect.MethodDescriptor {
	name := protoreflect.FullName("xrm.plugin.v1." + method)
	return pluginpb.File_plugin_proto.Services().ByName(name.Parent().Name()).Methods().ByName(name.Name())
}

// message returns a new message of a type of the protocol.
func message(d protoreflect.MessageDescriptor) proto.Message {
	found, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		panic(err) // it is in the generated code
	}
	return found.New().Interface()
}

func decoded(t *testing.T, method string, encoded [][]byte) (all []proto.Message) {
	t.Helper()
	for _, b := range encoded {
		m := message(describedAs(method).Output())
		if err := proto.Unmarshal(b, m); err != nil {
			t.Fatalf("read what %s was answered: %v", method, err)
		}
		if unknown := m.ProtoReflect().GetUnknown(); len(unknown) > 0 {
			t.Errorf("what %s was answered has fields that nobody knows any more: %x", method, unknown)
		}
		all = append(all, m)
	}
	return all
}

func readExchanges(t *testing.T) map[string]exchange {
	t.Helper()
	data, err := os.ReadFile(exchangesFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	all := map[string]exchange{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e exchange
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		all[e.RPC] = e
	}
	return all
}

// play serves the plugin, with a host that answers as it was recorded.
func play(t *testing.T, recorded map[string]exchange) *player {
	t.Helper()
	transport, err := sdk.NewTransport(everything(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	recorder := &tape{Transport: transport, t: t, recorded: recorded}
	client, _ := goplugin.TestPluginGRPCConn(t, false, goplugin.PluginSet{pluginpb.Service: recorder})
	t.Cleanup(func() { _ = client.Close() })
	conn, err := client.Dispense(pluginpb.Service)
	if err != nil {
		t.Fatal(err)
	}
	return &player{conn.(*grpc.ClientConn), recorder}
}

func (h *tape) GRPCClient(_ context.Context, broker *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	go broker.AcceptAndServe(pluginpb.HostService, func(options []grpc.ServerOption) *grpc.Server {
		s := grpc.NewServer(append(options, grpc.UnaryInterceptor(h.unary), grpc.StreamInterceptor(h.stream))...)
		pluginpb.RegisterHostServer(s, silent{})
		return s
	})
	return conn, nil
}

func (h *tape) unary(_ context.Context, request any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	return h.answer(info.FullMethod, request.(proto.Message))
}

func (h *tape) stream(_ any, stream grpc.ServerStream, info *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
	request := message(describedAs("Host." + path.Base(info.FullMethod)).Input())
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	answer, err := h.answer(info.FullMethod, request)
	if err != nil {
		return err
	}
	return stream.SendMsg(answer)
}

// answer says what was recorded, and wants to be asked the same.
func (h *tape) answer(full string, request proto.Message) (proto.Message, error) {
	method := "Host." + path.Base(full)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, method)
	e, known := h.recorded[method]
	if !known {
		encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
		if err != nil {
			return nil, err
		}
		answer, err := proto.Marshal(hostAnswers[method])
		if err != nil {
			return nil, err
		}
		e = exchange{RPC: method, Sent: [][]byte{encoded}, Answered: [][]byte{answer}}
		h.recorded[method] = e
	}
	wanted := message(describedAs(method).Input())
	answer := message(describedAs(method).Output())
	if err := errors.Join(proto.Unmarshal(e.Sent[0], wanted), proto.Unmarshal(e.Answered[0], answer)); err != nil {
		return nil, err
	}
	if diff := cmp.Diff(wanted, request, protocmp.Transform()); diff != "" {
		h.t.Errorf("the plugin asks %s otherwise (-recorded +now):\n%s", method, diff)
	}
	return answer, nil
}

// player calls the plugin.
type player struct {
	conn *grpc.ClientConn
	host *tape
}

// most is how many answers are waited for: Watch never ends.
func most(method string) int {
	if method == "Plugin.Watch" {
		return 1
	}
	return 10
}

// call sends messages and returns what is answered, at most so many messages,
// and what the host was asked meanwhile.
func (p *player) call(t *testing.T, method string, sent [][]byte, most int) (answered [][]byte, asked []string) {
	t.Helper()
	p.host.asked = nil
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d := describedAs(method)
	stream, err := p.conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, fmt.Sprintf("/%s/%s", d.Parent().FullName(), d.Name()))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range sent {
		request := message(d.Input())
		if err := proto.Unmarshal(b, request); err != nil {
			t.Fatal(err)
		}
		if unknown := request.ProtoReflect().GetUnknown(); len(unknown) > 0 {
			t.Errorf("what %s was sent has fields that nobody knows any more: %x", method, unknown)
		}
		if err := stream.SendMsg(request); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	for len(answered) < most {
		answer := message(d.Output())
		if err := stream.RecvMsg(answer); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		answered = append(answered, encoded)
	}
	return answered, p.host.asked
}

// record adds what is new, and nothing else.
func record(t *testing.T, recorded map[string]exchange) {
	t.Helper()
	at := play(t, recorded)
	for _, s := range script {
		if _, known := recorded[s.method]; known {
			continue
		}
		e := exchange{RPC: s.method}
		for _, m := range s.sent {
			b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			e.Sent = append(e.Sent, b)
		}
		e.Answered, e.Asked = at.call(t, s.method, e.Sent, most(s.method))
		recorded[s.method] = e
	}
	var lines bytes.Buffer
	for _, method := range methods() {
		if e, known := recorded[method]; known {
			line, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			lines.Write(append(line, '\n'))
		}
	}
	if err := os.WriteFile(exchangesFile, lines.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// everything is a plugin that has one of each, and asks the host everything.
func everything() sdk.Plugin {
	return sdk.Plugin{
		Name: "everything", Version: "1.0.0",
		Entities:     fstest.MapFS{"entities/visit.yaml": {Data: []byte("entity: visit\nfields:\n  note: {type: text}\n  count: {type: integer}\n")}},
		BeforeSave:   map[string]sdk.SaveFunc{"visit": func(_ context.Context, _ sdk.Host, r *sdk.Record) error { r.Values["note"] = "seen"; return nil }},
		BeforeDelete: map[string]sdk.DeleteFunc{"visit": func(context.Context, sdk.Host, *sdk.Record) error { return sdk.Reject("note", "is kept") }},
		Operations: []sdk.Operation{
			sdk.Mutation("ask", askEverything).Doc("Asks."),
			sdk.Stream("counted", func(_ context.Context, _ sdk.Host, _ struct{}, send func(int) error) error {
				return errors.Join(send(1), send(2), sdk.Reject("note", "is missing"))
			}),
		},
		Fields: []sdk.Field{sdk.Computed("customer", "visits", func(_ context.Context, _ sdk.Host, parents []*sdk.Record) ([]int64, error) {
			return make([]int64, len(parents)), nil
		})},
		PartyData: &sdk.PartyData{
			Merge:  func(context.Context, sdk.Host, string, string) error { return nil },
			Export: func(_ context.Context, _ sdk.Host, party string) (any, error) { return []string{party}, nil },
			Erase:  func(context.Context, sdk.Host, string) error { return nil },
		},
		Events: []sdk.Subscription{sdk.On("visit.*", func(_ context.Context, _ sdk.Host, e *sdk.Event) error {
			if e.Action == "deleted" {
				return sdk.DeadLetter(errors.New("too late"))
			}
			return nil
		})},
		Migrations: []sdk.Migration{{To: 2, Entity: "visit", Up: func(_ context.Context, r *sdk.Record) error {
			if r.ID == "v2" {
				return errors.New("it has no note")
			}
			r.Values["count"] = 2
			delete(r.Values, "note")
			return nil
		}}},
		Jobs:     []sdk.Job{sdk.Cron("count", "@daily", func(_ context.Context, _ sdk.Host, run *sdk.JobRun) error { return run.Report(1, 2, "halfway") }).In("Europe/Berlin")},
		Services: map[string]sdk.ServiceFunc{"inbox": func(context.Context, sdk.Host) error { return errors.New("no route to the mail server") }},
		Timers:   map[string]sdk.TimerFunc{"due": func(context.Context, sdk.Host, *sdk.Timer) error { return sdk.Reject("note", "is missing") }},
		Endpoints: []sdk.Endpoint{sdk.HTTP("POST /echo", func(_ sdk.Host, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
			_, _ = io.Copy(w, r.Body)
		})},
		Pages: []sdk.WebPage{sdk.NewWebPage("board", "Board", fstest.MapFS{"board/index.html": {Data: []byte("<title>Board</title>")}}).Needs("visit.read")},
		Config: &sdk.Config[struct {
			Slots int `json:"slots" default:"4"`
		}]{},
	}
}

// askEverything calls each method of the host once.
func askEverything(ctx context.Context, host sdk.Host, _ struct{}) (bool, error) {
	var text string
	_, got := host.Get(ctx, "visit", "v1")
	_, found := host.Find(ctx, sdk.Criteria{Entity: "visit", Filter: sdk.Filter{"note": sdk.Filter{"eq": "x"}}, OrderBy: []string{"-note"}, Limit: 2})
	var each error
	for _, err := range host.Each(ctx, sdk.Criteria{Entity: "visit"}) {
		each = err
	}
	_, aggregated := host.Aggregate(ctx, sdk.Aggregation{Entity: "visit", By: []string{"note"}, Measures: []sdk.Measure{sdk.Sum("count")}})
	_, saved := host.UpdateIf(ctx, "visit", "v1", sdk.Filter{"count": sdk.Filter{"gte": 1}}, sdk.Change{Set: map[string]any{"note": nil}, Add: map[string]sdk.Decimal{"count": "-1"}})
	deleted := host.Delete(ctx, "visit", "v1", 3)
	broadcast := host.Broadcast(ctx, "asked", 7)
	_, listens := host.Listen(ctx, "asked")
	published := host.Publish(ctx, "asked", "v1", map[string]any{"n": 1})
	scheduled := host.Schedule(ctx, sdk.Timer{Name: "due", Key: "v1", Payload: 7})
	_, canceled := host.Cancel(ctx, "due", "v1")
	_, read := host.State(ctx, "k", &text)
	_, put := host.PutState(ctx, "k", "v", sdk.AnyVersion, 0)
	dropped := host.DeleteState(ctx, "k", 2)
	_, secret := host.Secret(ctx, "token")
	host.Log(ctx, slog.LevelWarn, "asked", "n", 1)
	_, together := host.Batch(ctx, sdk.Batch{Key: "event 1", Writes: []sdk.Write{sdk.Create(&sdk.Record{Entity: "visit", Values: map[string]any{"note": "x"}}), sdk.Transition("visit", "v1", "done", "new")}})
	_, counted := host.DueAfter(ctx, "service", time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC), 4*time.Hour)
	called := host.Call(ctx, "issueVoucher", map[string]any{"amount": sdk.Decimal("5.00")}, &text)
	_, mailed := host.SendMail(ctx, sdk.Mail{Key: "event 1", To: []string{"ada@example.org"}, Template: "receipt", Language: "de", Values: map[string]any{"number": "C-1"}, Party: "p1"})
	opened, filed := host.OpenFile(ctx, "visit", "v1", "f1")
	if filed == nil {
		filed = opened.Close()
	}
	_, uploaded := host.UploadFile(ctx, "a.txt", strings.NewReader("Hello"))
	answer, fetched := host.HTTP().Get("https://api.example.com/v1?open=1") //nolint:noctx // the call's has no more than this one
	if fetched == nil {
		fetched = answer.Body.Close()
	}
	conn, dialed := host.Dial(ctx, "pbx")
	if dialed == nil {
		dialed = conn.Close()
	}
	return text == "kept", errors.Join(called, mailed, filed, uploaded, broadcast, listens, counted, fetched, dialed, got, found, each, aggregated, saved, deleted, published, scheduled, canceled, read, put, dropped, secret, together)
}

var (
	callContext = &pluginpb.CallContext{CallId: "c1", Token: "t1", Depth: 1, User: &pluginpb.User{Id: "u1", Name: "Ada", Roles: []string{"agent"}, Party: "p1"}}
	visit       = &pluginpb.Record{Entity: "visit", Id: "v1", Version: 3, Values: []byte(`{"count":1,"note":"x"}`), CreatedAt: "2026-01-02T15:04:05.000Z", CreatedBy: "u1", UpdatedAt: "2026-01-03T15:04:05.000Z", UpdatedBy: "u2"}
)

var script = []struct {
	method string
	sent   []proto.Message
}{
	{"Plugin.Describe", []proto.Message{&pluginpb.DescribeRequest{HostVersion: "1.0.0", Features: []string{"config", "deletes", "events", "http", "jobs", "mails", "migrations", "pages", "parties", "services", "subscriptions", "timers"}}}},
	{"Plugin.Watch", []proto.Message{&pluginpb.WatchRequest{}}},
	{"Plugin.Configure", []proto.Message{&pluginpb.ConfigureRequest{Generation: 1, Config: []byte(`{"slots":5}`)}}},
	{"Plugin.BeforeSave", []proto.Message{&pluginpb.BeforeSaveRequest{Context: callContext, Changes: []*pluginpb.Change{{Before: visit, After: visit}}}}},
	{"Plugin.BeforeDelete", []proto.Message{&pluginpb.BeforeDeleteRequest{Context: callContext, Records: []*pluginpb.Record{visit}}}},
	{"Plugin.Resolve", []proto.Message{&pluginpb.ResolveRequest{Context: callContext, Entity: "customer", Field: "visits", Parents: []*pluginpb.Record{{Entity: "customer", Id: "c1", Version: 1, Values: []byte(`{}`)}}}}},
	{"Plugin.Call", []proto.Message{&pluginpb.CallRequest{Context: callContext, Operation: "ask", Arguments: []byte(`{}`)}}},
	{"Plugin.Hear", []proto.Message{&pluginpb.HearRequest{Heard: []*pluginpb.Heard{{Topic: "asked", Value: []byte(`7`)}}, Missed: true}}},
	{"Plugin.Subscribe", []proto.Message{&pluginpb.SubscribeRequest{Context: callContext, Operation: "counted", Arguments: []byte(`{}`)}}},
	{"Plugin.Export", []proto.Message{&pluginpb.ExportRequest{Context: callContext, Party: "p1"}}},
	{"Plugin.Migrate", []proto.Message{&pluginpb.MigrateRequest{Context: callContext, From: 1, To: 2, Records: []*pluginpb.Record{visit, {Entity: "visit", Id: "v2", Version: 1, Values: []byte(`{}`)}}}}},
	{"Plugin.Deliver", []proto.Message{&pluginpb.DeliverRequest{Context: callContext, Events: []*pluginpb.Event{
		{Id: "visit/v1/3", Topic: "visit.updated", Key: "visit/v1", Sequence: 3, At: "2026-01-03T15:04:05.000Z", User: callContext.GetUser(), Entity: "visit", RecordId: "v1", Action: "updated", Changes: []*pluginpb.FieldChange{{Path: "note", From: []byte(`"w"`), To: []byte(`"x"`)}}, Attempt: 1},
		{Id: "visit/v1/4", Topic: "visit.deleted", Key: "visit/v1", Sequence: 4, At: "2026-01-04T15:04:05.000Z", Via: "other", Entity: "visit", RecordId: "v1", Action: "deleted", Attempt: 2},
	}}}},
	{"Plugin.RunJob", []proto.Message{&pluginpb.RunJobRequest{Context: callContext, Job: "count", RunId: "r1", PlannedAt: "2026-01-03T00:00:00.000Z"}}},
	{"Plugin.RunService", []proto.Message{&pluginpb.RunServiceRequest{Context: callContext, Service: "inbox"}}},
	{"Plugin.FireTimer", []proto.Message{&pluginpb.FireTimerRequest{Context: callContext, Name: "due", Key: "v1", DueAt: "2026-01-03T00:00:00.000Z", Payload: []byte(`7`)}}},
	{"Plugin.ServeHTTP", []proto.Message{
		&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Head{Head: &pluginpb.HTTPRequestHead{Context: callContext, Method: "POST", Target: "/echo?x=1", Host: "xrm.example", RemoteAddress: "192.0.2.1:1", Headers: []*pluginpb.HTTPHeader{{Name: "Content-Type", Value: "text/plain"}}}}},
		&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Body{Body: []byte("one ")}},
		&pluginpb.HTTPRequest{Part: &pluginpb.HTTPRequest_Body{Body: []byte("two")}},
	}},
	{"Plugin.Drain", []proto.Message{&pluginpb.DrainRequest{}}},
}

// hostAnswers is what a host says that is asked for the first time.
var hostAnswers = map[string]proto.Message{
	"Host.Get":         &pluginpb.GetResponse{Record: visit},
	"Host.Find":        &pluginpb.FindResponse{Records: []*pluginpb.Record{visit}},
	"Host.Each":        &pluginpb.FindResponse{Records: []*pluginpb.Record{visit}},
	"Host.Save":        &pluginpb.SaveResponse{Record: visit},
	"Host.Log":         &pluginpb.LogResponse{},
	"Host.Aggregate":   &pluginpb.AggregateResponse{Groups: []*pluginpb.Group{{Keys: [][]byte{[]byte(`"x"`)}, Count: 1, Values: [][]byte{[]byte(`1`)}}}},
	"Host.Delete":      &pluginpb.DeleteResponse{},
	"Host.Broadcast":   &pluginpb.BroadcastResponse{},
	"Host.Listen":      &pluginpb.ListenResponse{},
	"Host.Publish":     &pluginpb.PublishResponse{},
	"Host.ReadFile":    &pluginpb.ReadFileResponse{Part: &pluginpb.ReadFileResponse_File{File: &pluginpb.File{Id: "f1", Name: "a.txt", Size: 5, MediaType: "text/plain", Sha256: "2c"}}},
	"Host.WriteFile":   &pluginpb.WriteFileResponse{File: &pluginpb.File{Id: "f1", Name: "a.txt", Size: 5, MediaType: "text/plain", Sha256: "2c"}},
	"Host.SendMail":    &pluginpb.SendMailResponse{Id: "m1", State: "queued"},
	"Host.Schedule":    &pluginpb.ScheduleResponse{},
	"Host.Cancel":      &pluginpb.CancelResponse{Canceled: true},
	"Host.GetState":    &pluginpb.GetStateResponse{Value: []byte(`"kept"`), Version: 2},
	"Host.PutState":    &pluginpb.PutStateResponse{Version: 3},
	"Host.DeleteState": &pluginpb.DeleteStateResponse{},
	"Host.Batch":       &pluginpb.BatchResponse{Records: []*pluginpb.Record{visit, visit}},
	"Host.WorkTime":    &pluginpb.WorkTimeResponse{At: "2026-01-05T10:04:05.000Z"},
	"Host.Call":        &pluginpb.CallResponse{Result: []byte(`"kept"`)},
	"Host.Fetch":       &pluginpb.HTTPResponse{Part: &pluginpb.HTTPResponse_Head{Head: &pluginpb.HTTPResponseHead{Status: 204}}},
	"Host.Dial":        &pluginpb.DialResponse{Part: &pluginpb.DialResponse_Opened{Opened: &pluginpb.DialOpened{Address: "pbx.example.com:5038"}}},
	"Host.Secret":      &pluginpb.SecretResponse{Value: "s3cret"},
}
