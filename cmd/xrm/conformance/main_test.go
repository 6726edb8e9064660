package conformance_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/openxrm/xrm/cmd/xrm/conformance"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// rolePrefix marks the names under which the test binary is a plugin. It must
// not run the tests then, whatever the environment says.
const rolePrefix = "plays-"

func TestMain(m *testing.M) {
	if role, ok := strings.CutPrefix(filepath.Base(os.Args[0]), rolePrefix); ok {
		play(role)
		return
	}
	conformance.BePatient(25*time.Second, 2*time.Second)
	os.Exit(m.Run())
}

// play is a plugin that does everything that a plugin can do, and one thing
// wrong, which its role names.
func play(role string) {
	if os.Getenv(pluginpb.CookieKey) != pluginpb.CookieValue {
		if role == "runs by hand" {
			os.Exit(0)
		}
		fmt.Fprintln(os.Stderr, "a plugin of xrm does nothing on its own")
		os.Exit(2)
	}
	switch role {
	case "prints first":
		fmt.Println("Welcome!")
	case "listens elsewhere":
		os.Setenv("PLUGIN_UNIX_SOCKET_DIR", filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), ".."))
	case "has no certificate":
		os.Unsetenv("PLUGIN_CLIENT_CERT")
	case "leaves a child":
		child := exec.Command("sleep", "20")
		if err := child.Start(); err != nil {
			panic(err)
		}
	}
	hostGone := func() { os.Exit(0) }
	if role == "outlives its host" {
		hostGone = func() {}
	}
	transport, err := sdk.NewTransport(everything(role), hostGone)
	if err != nil {
		panic(err)
	}
	largest := pluginpb.MaxMessage
	if role == "takes small messages" {
		largest = 4 << 20
	}
	spoiler := &spoiler{role: role}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: pluginpb.Protocol, MagicCookieKey: pluginpb.CookieKey, MagicCookieValue: pluginpb.CookieValue},
		Plugins:         goplugin.PluginSet{pluginpb.Service: transport},
		Logger:          hclog.NewNullLogger(),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(largest),
				grpc.UnaryInterceptor(spoiler.unary), grpc.StreamInterceptor(spoiler.stream))...)
		},
	})
}

type settings struct {
	SLA   sdk.Duration `json:"sla" doc:"Time until a visit is overdue."`
	Limit int64        `json:"limit" default:"3" doc:"Most visits on a day."`
}

const visitYAML = `entity: visit
fields:
  subject: {type: text, required: true}
  customer: {type: reference, to: customer, required: true}
  state: {type: enum, options: [planned, done], default: planned, index: true}
  event: {type: text, unique: true}
  paper: {type: file, accept: [text/*]}
`

func everything(role string) sdk.Plugin {
	config := &sdk.Config[settings]{}
	pass := func(_ context.Context, _ sdk.Host, r *sdk.Record) error {
		if role == "panics always" || role == "panics without a value" && r.Values["event"] == nil {
			panic("no event")
		}
		return nil
	}
	return sdk.Plugin{
		Name: "visits", Version: "1.0.0", Config: config,
		Entities:     fstest.MapFS{"entities/visit.yaml": {Data: []byte(visitYAML)}},
		BeforeSave:   map[string]sdk.SaveFunc{"visit": pass, "customer": pass},
		BeforeDelete: map[string]sdk.DeleteFunc{"visit": pass},
		PartyData: &sdk.PartyData{
			Merge:  func(context.Context, sdk.Host, string, string) error { return nil },
			Export: func(context.Context, sdk.Host, string) (any, error) { return map[string]any{"visits": 3}, nil },
			Erase:  func(context.Context, sdk.Host, string) error { return nil },
		},
		Operations: []sdk.Operation{
			sdk.Query("overdue", func(context.Context, sdk.Host, struct{}) ([]string, error) { return nil, nil }),
			sdk.Mutation("close", func(ctx context.Context, host sdk.Host, _ struct {
				ID sdk.ID `json:"id"`
			}) (*sdk.Record, error) {
				if _, err := host.Dial(ctx, "pbx"); role == "fails when nothing is reached" {
					return nil, errors.New(err.Error())
				}
				return nil, &sdk.Error{Code: sdk.CodeConflict, Message: "It is closed."}
			}).Returns("visit"),
			sdk.Mutation("plan", func(ctx context.Context, host sdk.Host, _ struct{}) (int, error) {
				key := map[string]string{"forgets the key of a call": "", "makes up the key of a batch": rand.Text()}
				b := sdk.Batch{Key: host.IdempotencyKey(), Writes: []sdk.Write{
					sdk.Create(&sdk.Record{Entity: "visit", Values: map[string]any{"subject": "A plan", "customer": "c1"}}),
				}}
				if other, wrong := key[role]; wrong {
					b.Key = other
				}
				made, err := host.Batch(ctx, b)
				return len(made), err
			}),
			sdk.Stream("closings", func(ctx context.Context, host sdk.Host, _ struct{}, _ func(string) error) error {
				if _, err := sdk.Listen[string](ctx, host, "closed"); err != nil {
					return err
				}
				if role == "follows for ever" {
					<-context.WithoutCancel(ctx).Done()
				}
				<-ctx.Done()
				return nil
			}),
		},
		Fields: []sdk.Field{sdk.Computed("customer", "visits", func(ctx context.Context, host sdk.Host, customers []*sdk.Record) ([]int, error) {
			if role == "does not hear the host" {
				ctx = context.WithoutCancel(ctx)
			}
			field := "customer"
			if role == "filters by what is not there" {
				field = "custmer"
			}
			_, err := host.Find(ctx, sdk.Criteria{Entity: "visit", Filter: sdk.Filter{field: sdk.Filter{"in": sdk.IDs(customers)}}})
			return make([]int, len(customers)), err
		})},
		Events: []sdk.Subscription{sdk.On("order.created", func(ctx context.Context, host sdk.Host, e *sdk.Event) error {
			id := e.ID
			if role == "counts events twice" {
				id = fmt.Sprint(e.ID, e.Attempt)
			}
			_, err := host.Upsert(ctx, &sdk.Record{Entity: "visit", Values: map[string]any{"subject": "Thank you", "customer": "c1", "event": id}}, "event")
			return err
		})},
		Jobs: []sdk.Job{sdk.Cron("tidy", "@daily", func(ctx context.Context, _ sdk.Host, _ *sdk.JobRun) error {
			if role == "sleeps through its end" {
				<-context.WithoutCancel(ctx).Done()
			}
			<-ctx.Done()
			return ctx.Err()
		}).In("Europe/Berlin")},
		Services: map[string]sdk.ServiceFunc{"inbox": func(ctx context.Context, _ sdk.Host) error {
			switch role {
			case "serves for a moment":
				return nil
			case "panics as it serves":
				panic("no mail")
			case "serves for ever":
				<-context.WithoutCancel(ctx).Done()
			}
			<-ctx.Done()
			return nil
		}},
		Migrations: []sdk.Migration{{To: 2, Entity: migrated(role), Up: func(_ context.Context, r *sdk.Record) error {
			switch role {
			case "migrates by chance":
				r.Values["subject"] = rand.Text()
			case "panics as it migrates":
				r.Values["subject"] = strings.ToUpper(r.Values["subject"].(string))
			}
			return nil
		}}},
		Pages: []sdk.WebPage{sdk.NewWebPage("board", "Board", fstest.MapFS{"index.html": {Data: []byte("<title>Board</title>")}}).Needs("visit.read")},
		Texts: fstest.MapFS{"texts/de.yaml": {Data: []byte("It is closed.: \"" + closed(role) + "\"\n")}},
		Mails: fstest.MapFS{"mails/late.en.txt": {Data: []byte("Subject: Late\n\nVisit {{.visit}} is late.\n")}},
		Timers: map[string]sdk.TimerFunc{"sla": func(ctx context.Context, host sdk.Host, t *sdk.Timer) error {
			mail := sdk.Mail{Key: "late " + t.Key, To: []string{"desk@example.org"}, Template: "late", Values: map[string]any{"visit": t.Key}}
			switch role {
			case "leaves a hole in a mail":
				mail.Values = nil
			case "sends what is not there":
				mail.Template = "lat"
			case "forgets the key of a mail":
				mail.Key = ""
			case "sends to what is no address":
				mail.To = []string{"desk"}
			}
			if _, err := host.SendMail(ctx, mail); err != nil {
				return err
			}
			return filed(ctx, host, role, t.Key)
		}},
		Endpoints: []sdk.Endpoint{sdk.HTTP("POST /hook", func(_ sdk.Host, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })},
	}
}

// filed puts a file into a visit, and reads it there.
func filed(ctx context.Context, host sdk.Host, role, visit string) error {
	name, entity := "late.txt", "visit"
	switch role {
	case "uploads without a name":
		name = ".."
	case "reads files where none are":
		entity = "product"
	}
	paper, err := host.UploadFile(ctx, name, strings.NewReader("It is late."))
	if err != nil {
		return err
	}
	if role == "files what was not uploaded" {
		paper.ID = rand.Text()
	}
	if _, err := host.Update(ctx, &sdk.Record{Entity: "visit", ID: visit, Values: map[string]any{"paper": paper.ID}}); err != nil {
		return err
	}
	f, err := host.OpenFile(ctx, entity, visit, paper.ID)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, f)
	return errors.Join(err, f.Close())
}

func closed(role string) string {
	if role == "leaves a hole in a text" {
		return "Er ist {seit} geschlossen."
	}
	return "Er ist geschlossen."
}

func migrated(role string) string {
	if role == "migrates what is not its own" {
		return "product"
	}
	return "visit"
}

// spoiler makes one thing wrong in the answers of a plugin.
type spoiler struct {
	role      string
	described atomic.Int32
}

func (s *spoiler) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	method := info.FullMethod[strings.LastIndex(info.FullMethod, "/")+1:]
	switch {
	case s.role == "does not shut down" && method == "Shutdown", s.role == "does not drain" && method == "Drain":
		return request, nil // which is as empty as the answer
	case s.role == "is not healthy" && method == "Check":
		return nil, errors.New("not healthy")
	case s.role == "dies of what it does not know" && method == "Resolve":
		if r := request.(*pluginpb.ResolveRequest); r.GetField() == "noSuchField" {
			_, _ = syscall.Write(2, []byte("panic: no such field\n")) // os.Stderr is go-plugin's by now
			os.Exit(3)
		}
	}
	if method == "Hear" && s.role == "waits for who listens" {
		<-ctx.Done()
	}
	if method == "Hear" && s.role == "does not hear" {
		return nil, status.Error(codes.Unimplemented, "unknown method Hear")
	}
	answer, err := handler(ctx, request)
	if err == nil {
		answer, err = s.spoil(answer)
	}
	return answer, err
}

func (s *spoiler) spoil(answer any) (any, error) {
	switch a := answer.(type) {
	case *pluginpb.DescribeResponse:
		return s.describe(a), nil
	case *pluginpb.BeforeSaveResponse:
		switch {
		case s.role == "judges too few" && len(a.Verdicts) > 1:
			a.Verdicts = a.Verdicts[1:]
		case s.role == "patches what is not there" && len(a.Verdicts) > 1:
			a.Verdicts[0].Patch = []byte(`{"shoeSize":44}`)
		}
	case *pluginpb.ResolveResponse:
		if s.role == "computes too few" {
			a.Values = a.Values[:0]
		}
	case *pluginpb.ExportResponse:
		if s.role == "hands out no JSON" {
			a.Data = []byte("three visits")
		}
	case *pluginpb.CallResponse:
		switch {
		case s.role == "fails out of band" && a.GetError().GetCode() == sdk.CodeInternal:
			return nil, errors.New(a.GetError().GetCause())
		case s.role == "invents codes" && a.GetError().GetCode() == sdk.CodeConflict:
			a.Error.Code = "TOO_LATE"
		}
	case *pluginpb.ConfigureResponse:
		if s.role == "takes any configuration" {
			a.Error = nil
		}
	}
	return answer, nil
}

func (s *spoiler) describe(d *pluginpb.DescribeResponse) *pluginpb.DescribeResponse {
	again := s.described.Add(1)
	changed := &pluginpb.DescribeResponse{
		Name: d.Name, Version: d.Version, Entities: d.Entities, BeforeSave: d.BeforeSave, BeforeDelete: d.BeforeDelete, Operations: d.Operations,
		Fields: d.Fields, Objects: d.Objects, Subscriptions: d.Subscriptions, Jobs: d.Jobs, Endpoints: d.Endpoints, Timers: d.Timers, Services: d.Services, Mails: d.Mails, Migrations: d.Migrations, Pages: d.Pages, Texts: d.Texts,
		ConfigSchema: d.ConfigSchema, Features: d.Features, Sdk: d.Sdk, PartyData: d.PartyData,
	}
	switch s.role {
	case "prints later":
		_, _ = syscall.Write(1, []byte("thinking about myself\n"))
	case "is never the same":
		changed.Sdk = fmt.Sprint(again)
	case "is of another version":
		changed.Version = "2.0.0"
	case "wants what nobody has":
		changed.Features = append([]string{"event"}, d.Features...)
	case "has a name twice":
		changed.Timers, changed.Jobs = nil, append(d.Jobs, d.Jobs...)
	case "needs what is no right":
		changed.Operations = []*pluginpb.Operation{{Name: "overdue", Kind: pluginpb.Operation_QUERY, Returns: &pluginpb.Type{Of: &pluginpb.Type_Scalar{Scalar: "integer"}}, Needs: []string{"visit.see"}, ForEverybody: true}}
	case "has a type that is not there":
		changed.Operations = []*pluginpb.Operation{{Name: "overdue", Kind: pluginpb.Operation_QUERY, Returns: &pluginpb.Type{Of: &pluginpb.Type_Scalar{Scalar: "string"}}}}
	case "has the key of the host":
		integer := &pluginpb.Type{Of: &pluginpb.Type_Scalar{Scalar: "integer"}}
		changed.Operations = append(slices.Clone(d.Operations), &pluginpb.Operation{Name: "book", Kind: pluginpb.Operation_MUTATION, ForEverybody: true, Returns: integer, Arguments: []*pluginpb.Member{{Name: "idempotencyKey", Type: integer}}})
	case "describes too much":
		for n := range 101 {
			changed.Jobs = append(changed.Jobs, &pluginpb.Job{Name: fmt.Sprint("tidy", n), Schedule: "@daily"})
			changed.Timers = append(slices.Clone(changed.Timers), fmt.Sprint("a", n), fmt.Sprint("b", n), fmt.Sprint("c", n), fmt.Sprint("d", n))
		}
	case "has a broken entity":
		changed.Entities = []*pluginpb.EntityFile{{Path: "entities/visit.yaml", Yaml: []byte(visitYAML + "  shoe: {type: siez}\n")}}
	case "has a page that is not there":
		changed.Pages = append(slices.Clone(d.Pages), &pluginpb.Page{Name: "stats", Title: "Stats", Digest: strings.Repeat("0", 32)})
	case "has a page without a digest":
		changed.Pages = []*pluginpb.Page{{Name: "board", Title: "Board", Needs: []string{"visit.see"}, ForEverybody: true}}
	case "has a broken mail":
		changed.Mails = []*pluginpb.MailFile{{Path: "mails/late.en.txt", Data: []byte("Subject: Late\n\nVisit {{.visit is late.\n")}}
	case "mentions what is not there":
		changed.BeforeDelete = []string{"vist"}
	case "waits for what never happens":
		changed.Subscriptions = append(slices.Clone(d.Subscriptions), "order.creatd")
	case "does not speak of parties":
		changed.PartyData = &pluginpb.PartyData{Merge: true}
	case "binds the records of others":
		changed.Entities = append(slices.Clone(d.Entities), &pluginpb.EntityFile{Path: "entities/customer.yaml", Yaml: []byte("extend: customer\nfields:\n  vat: {type: text, required: true}\n")})
	case "has a job without a schedule":
		changed.Jobs = []*pluginpb.Job{{Name: "tidy", TimeZone: "Europe/Berlin"}}
	case "has a broken configuration":
		changed.ConfigSchema = []byte(`{"type": "objekt"}`)
	}
	return changed
}

func (s *spoiler) stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if s.role == "is degraded for no reason" && strings.HasSuffix(info.FullMethod, "/Watch") {
		stream = degraded{stream}
	}
	if s.role == "gives no receipts" && strings.HasSuffix(info.FullMethod, "/Deliver") {
		return nil
	}
	return handler(server, stream)
}

type degraded struct{ grpc.ServerStream }

func (d degraded) SendMsg(message any) error {
	if health, ok := message.(*pluginpb.Health); ok {
		health.State = pluginpb.Health_DEGRADED
	}
	return d.ServerStream.SendMsg(message)
}
