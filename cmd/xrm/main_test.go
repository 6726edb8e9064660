package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// asProgram makes the test binary the program itself, for tests that need a
// process.
const asProgram = "XRM_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == pluginExec {
		main()
		return
	}
	if os.Getenv(pluginpb.CookieKey) == pluginpb.CookieValue {
		sdk.Serve(played(filepath.Base(os.Args[0])))
		syscall.Exit(0) // os.Exit of a program with the race detector takes a second
	}
	// Who calls it with a command, and not with flags of tests, wants the program.
	if os.Getenv(asProgram) != "" || len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		main()
		return
	}
	status := m.Run()
	_ = os.RemoveAll(programs())
	os.Exit(status)
}

// command runs one command line in this process.
func command(t testing.TB, environ []string, args ...string) (status int, out, errors string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := &program{out: &stdout, err: &stderr, environ: environ}
	status = p.run(t.Context(), args)
	return status, stdout.String(), stderr.String()
}

// running is a server in this process, in a data folder of its own.
type running struct {
	url  string
	data string
}

// environ makes client commands talk to the server.
func (r running) environ() []string {
	return []string{"XRM_SERVER=" + r.url, "XRM_KEY_FILE=" + filepath.Join(r.data, "admin.key")}
}

// start runs `xrm serve` on a free port until the test ends.
func start(t *testing.T, flags ...string) running {
	t.Helper()
	data := t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	said, out := io.Pipe()
	var log bytes.Buffer
	p := &program{out: out, err: &log, environ: []string{"XRM_TIMEOUT_PLUGIN=" + patience.String()}}
	ended := make(chan int, 1)
	go func() {
		status := p.run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--plugins", t.TempDir(), "--trust", "any"}, flags...))
		out.Close()
		ended <- status
	}()
	t.Cleanup(func() {
		stop()
		go io.Copy(io.Discard, said)
		select {
		case status := <-ended:
			if status != 0 {
				t.Errorf("the server ended with status %d:\n%s", status, log.String())
			}
		case <-time.After(30 * time.Second):
			t.Error("the server does not end")
		}
	})
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if _, address, found := strings.Cut(lines.Text(), "GraphQL  "); found {
			url, _, _ := strings.Cut(address, "/graphql")
			go io.Copy(io.Discard, said)
			return running{url: url, data: data}
		}
	}
	t.Fatal("the server ended before it was ready; its log is below")
	return running{}
}

// stores are the stores that an end-to-end test runs on.
func stores(t *testing.T, f func(t *testing.T, flags ...string)) {
	t.Run("sqlite", func(t *testing.T) { f(t) })
	t.Run("mongodb", func(t *testing.T) { f(t, "--store", mongoDatabase(t)) })
}

// mongoDatabase is the address of a database that is dropped when the test ends.
func mongoDatabase(t *testing.T) string {
	t.Helper()
	uri, _ := mongotest.Database(t)
	return uri
}
