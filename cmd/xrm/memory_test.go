package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// posted sends a request and returns its status and the beginning of its answer.
func (p *process) posted(ctx context.Context, query string, variables map[string]any) (status int, answer string) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		p.t.Error(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return 0, ""
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(read(p.t, filepath.Join(p.data, "admin.key"))))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	start, _ := io.ReadAll(io.LimitReader(response.Body, 4000))
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, string(start)
}

// builtServer builds the program as make build does: with the race detector it would
// take several times the memory and the time that it takes for its users.
func builtServer(t testing.TB) string {
	t.Helper()
	program, err := buildServer()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

var buildServer = sync.OnceValues(func() (string, error) {
	program := filepath.Join(programs(), "xrm-built")
	out, err := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, ".").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return program, err
})

// peak is how many bytes of memory the process had at most since it was reset.
func (p *process) peak() int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skip(err)
	}
	kib, err := strconv.Atoi(regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindStringSubmatch(string(status))[1])
	if err != nil {
		p.t.Fatal(err)
	}
	return kib << 10
}

// TestTheMemoryOfTheServerIsBoundedWhateverIsAsked asks for forty long texts
// twelve times over, by many clients at the same time.
func TestTheMemoryOfTheServerIsBoundedWhateverIsAsked(t *testing.T) {
	t.Parallel()
	entities := t.TempDir()
	write(t, filepath.Join(entities, "scan.yaml"), "entity: scan\nfields:\n  name: {type: text, index: true}\n  text: {type: text, max: 4000000}\n")
	// 160 MiB of memory are 6 MiB for a request, 13 for a key and 40 for all.
	p := spawnProgram(t, builtServer(t), filepath.Join(t.TempDir(), "data"), []string{"GOMEMLIMIT=160MiB"}, "--entities", entities).ready()
	text := strings.Repeat("long ", 300_000)
	for i := range 40 {
		if status, answer := p.posted(t.Context(), `mutation($name: String, $text: String) { createScan(data: {name: $name, text: $text}) { outcome } }`, map[string]any{"name": fmt.Sprint("scan ", i), "text": text}); status != 200 || strings.Contains(answer, "errors") {
			t.Fatal(status, answer)
		}
	}
	var aliases strings.Builder
	for i := range 12 {
		fmt.Fprintf(&aliases, " a%d: scans(first: 40) { nodes { text } }", i)
	}
	const tooMuch = `{"errors":[{"message":"The request would hold more than 6826 KiB of memory, which is its limit: ask for fewer fields or a smaller page, or send less at once.","extensions":{"code":"INVALID"}}]}`
	const busy = `"code":"RATE_LIMITED","retryAfter":2`
	before := p.peak()
	var clients sync.WaitGroup
	for range 60 {
		clients.Go(func() {
			for _, query := range []string{"{" + aliases.String() + " }", `{ scans(first: 40) { nodes { text } } }`, `{ scans(first: 1) { nodes { a: text b: text c: text d: text e: text } } }`} {
				status, answer := p.posted(t.Context(), query, nil)
				if !strings.Contains(answer, busy) && answer != tooMuch || strings.Contains(answer, busy) != (status == http.StatusTooManyRequests) {
					t.Errorf("%.60s answers %d %.400s", query, status, answer)
				}
			}
		})
	}
	clients.Wait()
	const most = 256 << 20
	if peak := p.peak(); peak > most {
		t.Errorf("the server took %d MiB, and %d before; want at most %d", peak>>20, before>>20, most>>20)
	} else {
		t.Logf("the server took %d MiB, and %d before", peak>>20, before>>20)
	}
	if status, answer := p.posted(t.Context(), `{ scans(first: 40, filter: {name: {startsWith: "scan"}}) { totalCount nodes { id name } } }`, nil); status != 200 || !strings.Contains(answer, `"totalCount":40`) {
		t.Errorf("what is short is answered with %d %.300s", status, answer)
	}
	if status, answer := p.posted(t.Context(), `{ scans(first: 1) { nodes { name text } } }`, nil); status != 200 || strings.Contains(answer, "errors") {
		t.Errorf("one text is answered with %d %.300s", status, answer)
	}
}

// TestSlowBodiesEndInBoundedTimeAndMemory sends most of many bodies, and then
// nothing more.
func TestSlowBodiesEndInBoundedTimeAndMemory(t *testing.T) {
	t.Parallel()
	p := spawnProgram(t, builtServer(t), filepath.Join(t.TempDir(), "data"), []string{"GOMEMLIMIT=160MiB", "XRM_TIMEOUT_BODY=3s"}).ready()
	head := "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 3900000\r\nAuthorization: Bearer " +
		strings.TrimSpace(read(t, filepath.Join(p.data, "admin.key"))) + "\r\n\r\n"
	most := head + `{"query": "{ products { totalCount } }", "padding": "` + strings.Repeat("x", 3_500_000)
	before := p.peak()
	var clients sync.WaitGroup
	for range 128 {
		clients.Go(func() {
			c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_, _ = io.WriteString(c, most) // which fails where the server has refused it already
			_, _ = io.Copy(io.Discard, c)  // to the end, which the server brings about
		})
	}
	clients.Wait()
	if peak := p.peak(); peak > 256<<20 {
		t.Errorf("the server took %d MiB, and %d before", peak>>20, before>>20)
	} else {
		t.Logf("the server took %d MiB, and %d before", peak>>20, before>>20)
	}
	if got := p.must(`{ products { totalCount } }`, nil); got != `{"products":{"totalCount":0}}` {
		t.Errorf("afterwards it answers %s", got)
	}
}
