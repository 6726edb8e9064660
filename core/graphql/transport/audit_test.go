package transport

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestAuditOfTheSpecification runs npm's graphql-http audit suite.
func TestAuditOfTheSpecification(t *testing.T) {
	server := httptest.NewServer(newHandler(t))
	defer server.Close()

	type audit struct{ ID, Name, Status, Reason string }
	var audits []audit
	lines := bufio.NewScanner(bytes.NewReader(node(t, "audit.mjs", server.URL+"/graphql")))
	for lines.Scan() {
		var a audit
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatalf("the audit printed %q: %v", lines.Text(), err)
		}
		audits = append(audits, a)
	}
	if len(audits) < 60 {
		t.Fatalf("only %d audits ran", len(audits))
	}
	for _, a := range audits {
		switch {
		case a.Status == "ok":
		case strings.HasPrefix(a.Name, "MAY"):
			t.Logf("%s %s: %s: %s", a.ID, a.Name, a.Status, a.Reason)
		default:
			t.Errorf("%s %s: %s: %s", a.ID, a.Name, a.Status, a.Reason)
		}
	}
	t.Logf("%d audits ran", len(audits))
}

// node runs a script of the folder audit and gives what it prints. Without what
// it needs the test is skipped, but not where CI runs.
func node(t *testing.T, script string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node is not installed")
	}
	if err := installed(); err != nil {
		missing(t, err.Error())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "node", append([]string{script}, args...)...)
	command.Dir = "audit"
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		t.Fatalf("node %s: %v\n%s%s", script, err, out.String(), errs.String())
	}
	return out.Bytes()
}

// installed has npm fetch what package-lock.json names, once.
var installed = sync.OnceValue(func() error {
	if _, err := os.Stat(filepath.Join("audit", "node_modules", "graphql-http")); err == nil {
		return nil
	}
	command := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	command.Dir = "audit"
	if out, err := command.CombinedOutput(); err != nil {
		return &installError{string(out), err}
	}
	return nil
})

type installError struct {
	output string
	err    error
}

func (e *installError) Error() string {
	return "npm ci in core/graphql/transport/audit: " + e.err.Error() + "\n" + e.output
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
