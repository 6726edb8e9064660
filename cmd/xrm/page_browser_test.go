package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// person runs a script that uses a browser, and returns what it has printed.
func person(t *testing.T, script string, args ...string) []byte {
	t.Helper()
	browser, err := exec.LookPath("chromium")
	if _, node := exec.LookPath("node"); err != nil || node != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium or node is not installed")
		}
		t.Skip("chromium or node is not installed")
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join("../../core/graphql/transport/audit", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), string(text))
	}
	installNode(t, dir)
	text, err := os.ReadFile(filepath.Join("testdata", "browser", script))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"--input-type=module", "-", args[0], browser}, args[1:]...)...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(text)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, complaints.String())
	}
	return out
}

// framing is a page of another origin that frames what its fragment says.
func framing(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<iframe></iframe><script>document.querySelector("iframe").src = location.hash.slice(1)</script>`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// sights are what a person and the page have seen.
type sights struct {
	WithoutScripts, Asked, Refused, Landed, Cookies, After string
	Shown, Framed                                          map[string]string
	Listed                                                 []string
}

// uses lets a person use the page of the fair, and wants them to see this. What the page
// sees of the browser depends on where it is.
func (p *process) uses(t *testing.T, url string, ofBrowser map[string]string) {
	t.Helper()
	var seen sights
	if err := json.Unmarshal(person(t, "pages.mjs", url, p.key("reader", "--name", "Ada"), framing(t)), &seen); err != nil {
		t.Fatal(err)
	}
	const hidden = ` If it exists, your roles do not allow it; ask an administrator.`
	const blocked = "chrome-error://chromewebdata/"
	want := sights{
		WithoutScripts: "You are signed in as Ada.",
		Asked:          url + "/signin?next=%2Fpages%2Ffair%2Fboard",
		Refused:        "This API key is not known: it was mistyped, or it is revoked. Ask an administrator for a new one.",
		Landed:         url + "/pages/fair/board", After: url + "/signin?next=%2Fpages%2Ffair%2Fboard",
		Shown: map[string]string{
			"own":     `{"whoAsks":"Ada"}`,
			"others":  `Error: Cannot query field "tillTotal" on type "Query".` + hidden,
			"records": `Error: Cannot query field "parties" on type "Query".` + hidden,
			"keys":    `Error: Cannot query field "apiKeys" on type "Query".` + hidden,
			"session": "TypeError: Failed to fetch", "token": "TypeError: Failed to fetch", "outside": "TypeError: Failed to fetch",
			"title": "Board", "style": "rgb(1, 2, 3)",
		},
		Framed: map[string]string{"signin": blocked, "page": blocked, "files": blocked},
		Listed: []string{"Board", "GraphiQL"},
	}
	maps.Copy(want.Shown, ofBrowser)
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("what a person sees (-want +got):\n%s", diff)
	}
}

func TestAPersonUsesThePageOfAPluginInABrowser(t *testing.T) {
	t.Parallel()
	p := fair(t)
	p.uses(t, p.url, map[string]string{
		"origin":  "null",
		"cookies": "SecurityError: Failed to read the 'cookie' property from 'Document': The document is sandboxed and lacks the 'allow-same-origin' flag.",
		"parent":  `SecurityError: Failed to read a named property 'document' from 'Window': Blocked a frame with origin "null" from accessing a cross-origin frame.`,
	})
	p.stop()
}

func TestAPersonUsesThePageOfAPluginAtAHostOfItsOwn(t *testing.T) {
	t.Parallel()
	p := fair(t, "XRM_PAGES_HOST=localhost") // a browser finds every name below it on its own machine
	_, port, _ := strings.Cut(strings.TrimPrefix(p.url, "http://"), ":")
	origin := "http://fair.localhost:" + port
	p.uses(t, "http://localhost:"+port, map[string]string{
		"origin":  origin,
		"cookies": "false",
		"parent":  `SecurityError: Failed to read a named property 'document' from 'Window': Blocked a frame with origin "` + origin + `" from accessing a cross-origin frame.`,
	})
	p.stop()
}
