package graphql_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/once"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the answers that come into testdata instead of comparing them")

// TestConversations plays every testdata/*.txtar: requests in order against a
// server with the shipped entities, and their answers. The first line of each
// says in words what it proves. A request NAME.graphql may have NAME.variables,
// and NAME.role for another role than admin; its answer is NAME.json. A file
// that ends with .yaml is a definition of an entity or, as *.role.yaml, a role.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			play(t, file)
		})
	}
}

func play(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	part := map[string]string{}
	var sources, roles []schema.Source
	for _, f := range archive.Files {
		part[f.Name] = string(f.Data)
		switch source := (schema.Source{Layer: "site", File: f.Name, Data: f.Data}); {
		case strings.HasSuffix(f.Name, ".role.yaml"):
			roles = append(roles, source)
		case strings.HasSuffix(f.Name, ".yaml"):
			sources = append(sources, source)
		}
	}
	s := newServer(t, sources, roles)
	var answers txtar.Archive
	answers.Comment = archive.Comment
	for _, f := range archive.Files {
		name, isRequest := strings.CutSuffix(f.Name, ".graphql")
		if !strings.HasSuffix(f.Name, ".json") {
			answers.Files = append(answers.Files, f)
		}
		if !isRequest {
			continue
		}
		role := strings.TrimSpace(part[name+".role"])
		got := s.ask(string(f.Data), part[name+".variables"], role)
		answers.Files = append(answers.Files, txtar.File{Name: name + ".json", Data: []byte(got)})
		if want := part[name+".json"]; !*update && want != got {
			t.Errorf("%s: the answer differs (-want +got; run with -update to accept it):\n%s", f.Name, cmp.Diff(want, got))
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(&answers), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

type server struct {
	*testing.T
	engine  *execution.Engine
	service *record.Service
	store   *countingStore
}

// newServer has an empty store in memory.
func newServer(t *testing.T, sources, roles []schema.Source) *server {
	t.Helper()
	memory, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	return newServerOn(t, memory, sources, roles)
}

// openStore is a store that somebody closes.
type openStore interface {
	record.Store
	once.Store
	journal.Store
	Close() error
}

// newServerOn has a clock that stands still and counts the ids that it gives:
// id-000001, id-000002, ...
func newServerOn(t *testing.T, opened openStore, sources, roles []schema.Source) *server {
	t.Helper()
	t.Cleanup(func() { opened.Close() })
	model, err := schema.Load(append(entities.Sources(), sources...)...)
	if err != nil {
		t.Fatal(err)
	}
	model = model.In("DE")
	policy, err := access.LoadRoles(model, roles)
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Prepare(t.Context(), model); err != nil {
		t.Fatal(err)
	}
	store := &countingStore{Store: opened}
	var ids atomic.Int64
	service := &record.Service{
		Store: store, Region: "DE",
		Now:   func() time.Time { return time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC) },
		NewID: func() string { return fmt.Sprintf("id-%06d", ids.Add(1)) },
	}
	engine, err := graphql.Build(graphql.Config{Snapshot: &snapshot.Snapshot{Basis: record.Basis{Model: model, Policy: policy}}, Service: service, Once: &once.Desk{Store: opened, Now: time.Now}, Parties: &party.Service{Records: service, Journal: &journal.Relay{Store: opened}}})
	if err != nil {
		t.Fatal(err)
	}
	return &server{T: t, engine: engine, service: service, store: store}
}

// ask returns the indented answer without its extensions.
func (s *server) ask(query, variables, role string) string {
	s.Helper()
	if role == "" {
		role = "admin"
	}
	request := execution.Request{Query: query}
	if variables != "" {
		decoder := json.NewDecoder(strings.NewReader(variables))
		decoder.UseNumber()
		if err := decoder.Decode(&request.Variables); err != nil {
			s.Fatal(err)
		}
	}
	ctx := graphql.WithActor(s.Context(), core.Actor{ID: role + "-1", Name: role, Roles: []string{role}})
	result := s.engine.Execute(ctx, request, nil)
	result.Extensions = nil
	raw, err := result.MarshalJSON()
	if err != nil {
		s.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, raw, "", "  "); err != nil {
		s.Fatal(err)
	}
	return indented.String() + "\n"
}
