package pluginhost_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/encoding/protojson"
)

// jobs are what the role "works" offers: one query, one mutation and one
// subscription, which do what they are told in a text and say how it went.
var jobs = []*pluginpb.Operation{
	{Name: "look", Kind: pluginpb.Operation_QUERY, Arguments: []*pluginpb.Member{{Name: "what", Type: scalar("text")}}, Returns: scalar("text")},
	{Name: "work", Kind: pluginpb.Operation_MUTATION, Arguments: []*pluginpb.Member{{Name: "what", Type: scalar("text")}}, Returns: scalar("text")},
	{Name: "follow", Kind: pluginpb.Operation_SUBSCRIPTION, Arguments: []*pluginpb.Member{{Name: "what", Type: scalar("text")}}, Returns: scalar("text")},
}

func (a *actor) job(ctx context.Context, r *pluginpb.CallRequest) (*pluginpb.CallResponse, error) {
	arguments, err := pluginpb.Decode(r.GetArguments())
	if err != nil {
		return nil, err
	}
	verb, object, _ := strings.Cut(arguments["what"].(string), " ")
	said := "ok"
	switch verb {
	case "version":
		said = manifested("version")
	case "followers":
		said = fmt.Sprint(a.followers.Load())
	case "broadcast": // so many numbers on a topic
		topic, count, _ := strings.Cut(object, " ")
		for n := range number(count) {
			told, failed := a.host.Broadcast(ctx, &pluginpb.BroadcastRequest{Context: r.GetContext(), Topic: topic, Value: []byte(fmt.Sprint(n))})
			if err = errors.Join(failed, toError(told.GetError())); err != nil {
				break
			}
		}
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "await": // a file
		for _, err := os.Stat(object); errors.Is(err, os.ErrNotExist); _, err = os.Stat(object) {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Millisecond):
			}
		}
		said = manifested("version")
	case "save":
		var saved *pluginpb.SaveResponse
		if saved, err = a.host.Save(ctx, &pluginpb.SaveRequest{Context: r.GetContext(), Entity: object}); err == nil {
			said = saved.GetError().GetMessage()
		}
	case "hand": // on what a save was refused with
		saved, err := a.host.Save(ctx, &pluginpb.SaveRequest{Context: r.GetContext(), Entity: object})
		if err != nil {
			return nil, err
		}
		return &pluginpb.CallResponse{Error: saved.GetError()}, nil
	case "put": // a record: a SaveRequest in JSON
		request := &pluginpb.SaveRequest{}
		if err = protojson.Unmarshal([]byte(object), request); err == nil {
			request.Context = r.GetContext()
			var saved *pluginpb.SaveResponse
			saved, err = a.host.Save(ctx, request)
			said = refusalOr(saved.GetError(), saved.GetRecord().GetId())
		}
	case "page": // of records: a FindRequest in JSON
		request := &pluginpb.FindRequest{}
		if err = protojson.Unmarshal([]byte(object), request); err == nil {
			request.Context = r.GetContext()
			var found *pluginpb.FindResponse
			found, err = a.host.Find(ctx, request)
			said = refusalOr(found.GetError(), fmt.Sprint(len(found.GetRecords()), " ", found.GetNext()))
		}
	case "say": // so many bytes
		said = strings.Repeat("x", number(object))
	case "send": // so many bytes to the host
		var found *pluginpb.FindResponse
		if found, err = a.host.Find(ctx, &pluginpb.FindRequest{Context: r.GetContext(), Entity: "ticket", Filter: make([]byte, number(object))}); err == nil {
			said = found.GetError().GetMessage()
		}
	case "fill": // the state, all at once
		var filling sync.WaitGroup
		for n := range 100 {
			filling.Go(func() {
				_, _ = a.host.PutState(ctx, &pluginpb.PutStateRequest{Context: r.GetContext(), Key: fmt.Sprint(n), Value: make([]byte, 1<<20)})
			})
		}
		filling.Wait()
	case "flood": // the host: so many finds at once; a file is written when so many were refused
		said, err = a.flood(ctx, r.GetContext(), object)
	case "connect": // so many times to whatever listens in its folder
		said, err = a.connect(number(object))
	case "ask": // for all records, and read none of them
		_, err := a.host.Each(context.WithoutCancel(ctx), &pluginpb.FindRequest{Context: r.GetContext(), Entity: "ticket"})
		<-ctx.Done()
		return nil, errors.Join(err, ctx.Err())
	case "log":
		_, err = a.host.Log(ctx, &pluginpb.LogRequest{Context: r.GetContext(), Message: "noted", Attributes: []byte(object)})
	case "panic":
		go panic(object)
		select {}
	case "die":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "environment":
		said = os.Getenv(object)
	case "read":
		_, err = os.ReadFile(object)
	case "list":
		_, err = os.ReadDir(object)
	case "write":
		err = os.WriteFile(object, []byte("x"), 0o600)
	case "move": // a file from one folder of this one to another
		err = errors.Join(os.Mkdir(object+"/new", 0o700), os.Mkdir(object+"/done", 0o700), os.WriteFile(object+"/new/x", nil, 0o600),
			os.Rename(object+"/new/x", object+"/done/x"))
	case "dial":
		var conn net.Conn
		if conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", object); err == nil {
			conn.Close()
		}
	case "signal":
		var pid int
		fmt.Sscan(object, &pid)
		err = syscall.Kill(pid, syscall.SIGCONT)
	case "try":
		err = try(object)
	case "run":
		var out []byte
		out, err = exec.CommandContext(ctx, "sh", "-c", object).CombinedOutput()
		if said = strings.TrimSpace(string(out)); err != nil {
			err = fmt.Errorf("%w: %s", err, said)
		}
	case "files":
		var limit syscall.Rlimit
		err = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
		said = fmt.Sprint(limit.Max)
	}
	if err != nil {
		said = err.Error()
	}
	value, err := json.Marshal(said)
	return &pluginpb.CallResponse{Result: value}, err
}

// refusalOr is what a plugin was refused, or else what it was told.
func refusalOr(e *pluginpb.Error, told string) string {
	if e == nil {
		return told
	}
	text := e.GetCode() + " " + e.GetMessage()
	for _, v := range e.GetViolations() {
		text += " " + v.GetField() + " " + v.GetMessage()
	}
	return text
}

func number(text string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(text))
	return n
}

// manifested is a value of the plugin's own manifest.
func manifested(key string) string {
	data, err := os.ReadFile(pluginhost.ManifestFile) // a plugin runs in its folder
	if err != nil {
		panic(err)
	}
	_, value, _ := strings.Cut("\n"+string(data), "\n"+key+": ")
	value, _, _ = strings.Cut(value, "\n")
	value, _, _ = strings.Cut(value, "#")
	return strings.TrimSpace(value)
}

// does has the plugin "p" do a job, by the query or by the mutation.
func does(ctx context.Context, t *testing.T, h *pluginhost.Host, by, what string) (string, error) {
	t.Helper()
	got, err := h.Call(ctx, record.Basis{Model: model(t)}, agent, operation(t, h, by), map[string]any{"what": what}, record.Key{})
	said, _ := got.(string)
	return said, err
}

// must is does for a query that succeeds.
func must(t *testing.T, h *pluginhost.Host, what string) string {
	t.Helper()
	said, err := does(t.Context(), t, h, "look", what)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return said
}

// put puts a version of the plugin "p" that plays a role into a directory, all
// at once. more is appended to its manifest.
func put(t *testing.T, dir, role, version, more string) {
	t.Helper()
	fresh := t.TempDir()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script(t, filepath.Join(fresh, "run"), fmt.Sprintf("exec '%s' %s", binary, role))
	write(t, filepath.Join(fresh, "plugin.yaml"), "name: p\nversion: "+version+"\nprotocol: 1\nexecutable: run\n"+more)
	take(t, dir)
	if err := os.Rename(fresh, filepath.Join(dir, "p")); err != nil {
		t.Fatal(err)
	}
}

// breakable puts a plugin "p" into a directory that works as long as there is
// no file of that name.
func breakable(t *testing.T, dir, broken string) {
	t.Helper()
	put(t, dir, "works", "1.0.0", "")
	program := filepath.Join(dir, "p", "run")
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	script(t, program, "[ -e '"+broken+"' ] && exit 3\n"+string(text))
}

// take takes the plugin "p" out of a directory.
func take(t *testing.T, dir string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, "p"), filepath.Join(t.TempDir(), "old")); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

// working starts a host with version 1.0.0 of the plugin "p", which works.
func working(t *testing.T, config pluginhost.Config) (h *pluginhost.Host, dir string) {
	t.Helper()
	dir = t.TempDir()
	config.Dir = dir
	put(t, dir, "works", "1.0.0", "")
	h = start(t, config)
	await(t, h, "p", in(pluginhost.Serving))
	return h, dir
}

func serves(version string) func(pluginhost.Status) bool {
	return func(s pluginhost.Status) bool { return s.State == pluginhost.Serving && s.Version == version }
}

func updates(text string) func(pluginhost.Status) bool {
	return func(s pluginhost.Status) bool { return strings.Contains(s.Update, text) }
}
