package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// fakeServer answers the three requests of an import from memory, with the
// shipped entities and schema's rules for their values.
type fakeServer struct {
	*httptest.Server
	model *schema.Model

	mu       sync.Mutex
	records  map[string][]map[string]any // by entity; each with its id
	merged   map[string]string           // "entity field value" of a duplicate → the id of its survivor
	requests []string                    // the operations, in their order
	before   func(w http.ResponseWriter, operation string) (handled bool)
}

func newFakeServer(t *testing.T) *fakeServer {
	t.Helper()
	model, err := schema.Load(entities.Sources()...)
	if err != nil {
		t.Fatal(err)
	}
	s := &fakeServer{model: model, records: map[string][]map[string]any{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *fakeServer) client() *client.Client {
	return &client.Client{Server: s.URL, Key: "xrm_test", HTTP: s.Client(), Retry: 10 * time.Second, First: time.Millisecond}
}

func (s *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var request struct {
		Query     string
		Variables map[string]any
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || r.URL.Path != "/graphql" || r.Header.Get("Authorization") != "Bearer xrm_test" {
		http.Error(w, "what?", http.StatusBadRequest)
		return
	}
	operation := strings.FieldsFunc(request.Query, func(r rune) bool { return r == ' ' || r == '(' })[1]
	s.requests = append(s.requests, operation)
	if s.before != nil && s.before(w, operation) {
		return
	}
	answer := map[string]any{}
	switch operation {
	case "ImportEntity":
		answer["data"] = s.describe(request.Variables["name"].(string))
	case "ImportLookup":
		if refused := s.unindexed(request.Query); refused != "" {
			answer["errors"] = []any{map[string]any{"message": refused}}
			break
		}
		answer["data"] = map[string]any{"found": map[string]any{"nodes": s.find(request.Query, request.Variables)}}
	case "ImportMerged":
		answer["data"] = s.byKey(request.Query, request.Variables)
	case "Import":
		results, refused := s.save(request.Query, request.Variables)
		answer["data"] = map[string]any{"result": results}
		if refused != nil {
			answer["errors"] = refused
		}
	}
	writeAnswer(w, answer)
}

func writeAnswer(w http.ResponseWriter, answer map[string]any) {
	w.Header().Set("Content-Type", "application/graphql-response+json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *fakeServer) describe(name string) map[string]any {
	var known []any
	for _, e := range s.model.Entities() {
		known = append(known, map[string]any{"name": e.Name})
	}
	e := s.model.Entity(name)
	if e == nil {
		return map[string]any{"entity": nil, "entities": known}
	}
	return map[string]any{"entity": map[string]any{"name": e.Name, "plural": e.Plural, "roleOf": e.Of, "fields": describeFields(e.Fields)}, "entities": known}
}

func describeFields(fields schema.Fields) []any {
	list := []any{}
	for _, f := range fields {
		list = append(list, describeField(f))
	}
	return list
}

func describeField(f *schema.Field) any {
	options := []any{}
	for _, o := range f.Options {
		options = append(options, map[string]any{"value": o.Value, "label": o.Labels.In("en"), "german": o.Labels.In("de")})
	}
	info := map[string]any{
		"name": f.Name, "type": f.Type, "label": f.Label("en"), "german": f.Label("de"), "required": f.Required,
		"unique": f.Unique, "system": f.System, "to": f.To, "options": options, "fields": describeFields(f.Fields),
	}
	if f.Of != nil {
		info["of"] = describeField(f.Of)
	}
	return info
}

// unindexed refuses to find records by a field that the API has no filter for.
func (s *fakeServer) unindexed(query string) string {
	e, by := s.byPlural(between(query, "found: ", "(")), between(query, "key: ", " ")
	if f := e.Field(by); f.Indexed() {
		return ""
	}
	return "Field " + by + " is not defined by type " + e.Name + "Filter."
}

// find answers a list by a filter {field: {in: [...]}}.
func (s *fakeServer) find(query string, variables map[string]any) []any {
	nodes := []any{}
	plural := between(query, "found: ", "(")
	for by, condition := range variables["filter"].(map[string]any) {
		for _, r := range s.records[s.byPlural(plural).Name] {
			for _, wanted := range condition.(map[string]any)["in"].([]any) {
				if r[by] == wanted {
					nodes = append(nodes, map[string]any{"id": r["id"], "key": r[by]})
				}
			}
		}
	}
	return nodes
}

// byKey answers k0: customerBy(key: {number: ...}) of what duplicates had.
func (s *fakeServer) byKey(query string, variables map[string]any) map[string]any {
	entity, answer := between(query, "{ k0: ", "By("), map[string]any{}
	s.requests[len(s.requests)-1] += fmt.Sprintf(" k%d %s", len(variables)-1, entity)
	for alias, key := range variables {
		answer[alias] = nil
		for field, value := range key.(map[string]any) {
			if id := s.merged[fmt.Sprint(entity, " ", field, " ", value)]; id != "" {
				answer[alias] = map[string]any{"id": id}
			}
		}
	}
	return answer
}

func (s *fakeServer) byPlural(plural string) *schema.Entity {
	for _, e := range s.model.Entities() {
		if strings.EqualFold(e.Plural, plural) {
			return e
		}
	}
	panic("no entity has the plural " + plural)
}

// save answers a bulk upsert or creation.
func (s *fakeServer) save(query string, variables map[string]any) (results []any, refused []any) {
	field := between(query, "result: ", "(")
	e := s.byPlural(strings.TrimPrefix(strings.TrimPrefix(field, "upsert"), "create"))
	key := ""
	if strings.HasPrefix(field, "upsert") {
		key = between(query, "by: ", ",")
	}
	for i, item := range variables["data"].([]any) {
		outcome, violations := s.saveOne(e, key, item.(map[string]any), variables["dryRun"] == true)
		if violations != nil {
			results = append(results, nil)
			refused = append(refused, map[string]any{
				"message": "The " + e.Name + " was not saved: some fields need attention.", "path": []any{"result", i},
				"extensions": map[string]any{"code": "INVALID", "violations": violations},
			})
			continue
		}
		results = append(results, map[string]any{"outcome": outcome})
	}
	return results, refused
}

func (s *fakeServer) saveOne(e *schema.Entity, key string, data map[string]any, dryRun bool) (string, schema.Violations) {
	var existing map[string]any
	for _, r := range s.records[e.Name] {
		if key != "" && r[key] == data[key] {
			existing = r
		}
	}
	after := map[string]any{}
	for name, value := range existing {
		after[name] = value
	}
	for name, value := range data {
		if value == nil {
			delete(after, name)
		} else {
			after[name] = value
		}
	}
	if violations := s.check(e, after); violations != nil {
		return "", violations
	}
	before, _ := json.Marshal(existing)
	now, _ := json.Marshal(after)
	switch {
	case existing == nil:
		after["id"] = fmt.Sprintf("%s-%d", e.Name, len(s.records[e.Name])+1)
		if !dryRun {
			s.records[e.Name] = append(s.records[e.Name], after)
		}
		return "created", nil
	case string(before) == string(now):
		return "unchanged", nil
	}
	if !dryRun {
		for name := range existing {
			delete(existing, name)
		}
		for name, value := range after {
			existing[name] = value
		}
	}
	return "updated", nil
}

func (s *fakeServer) check(e *schema.Entity, values map[string]any) schema.Violations {
	stored, own := map[string]any{}, map[string]any{}
	for name, value := range values {
		switch f := e.Field(name); {
		case name == "id":
		case f != nil && f.Path != "":
			own[name] = value
		default:
			stored[name] = value
		}
	}
	if e.IsRole() {
		stored[e.Name] = own
	}
	_, err := e.Check(stored, true, "DE")
	var violations schema.Violations
	errors.As(err, &violations)
	for i := range violations {
		violations[i].Field = e.FromStorage(violations[i].Field)
	}
	return violations
}

func between(s, before, after string) string {
	_, rest, _ := strings.Cut(s, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}
