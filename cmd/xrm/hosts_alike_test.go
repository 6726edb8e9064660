package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// stage is where one step of the script plays: a call of the plugin to its host,
// which is the server or that of plugintest.
type stage struct {
	context.Context
	sdk.Host
	said []string
	ids  []string // of the records that it has made
}

// make stores a record, which is no part of what is compared.
func (s *stage) make(entity string, values map[string]any) *sdk.Record {
	r, err := s.Create(s, &sdk.Record{Entity: entity, Values: values})
	if err != nil {
		s.say("make a "+entity, nil, err)
		return &sdk.Record{Entity: entity, ID: "none"}
	}
	s.ids = append(s.ids, r.ID)
	return r
}

// say keeps what the host has answered, word for word but for the ids.
func (s *stage) say(what string, answer any, err error) {
	line, refused := what+": ", (*sdk.Error)(nil)
	switch {
	case errors.As(err, &refused):
		violations, _ := json.Marshal(refused.Violations)
		line += refused.Code + " " + refused.Message + " " + string(violations)
	case err != nil:
		line += "no refusal but " + err.Error()
	default:
		line += fmt.Sprint(answer)
	}
	for i, id := range s.ids {
		line = strings.ReplaceAll(line, id, fmt.Sprintf("<record %d>", i+1))
	}
	s.said = append(s.said, line)
}

// saved says what came of a write: the values, and how often the record has changed.
func (s *stage) saved(what string, r *sdk.Record, err error) {
	if err != nil {
		s.say(what, nil, err)
		return
	}
	if !slices.Contains(s.ids, r.ID) {
		s.ids = append(s.ids, r.ID)
	}
	s.say(what, fmt.Sprint(r.Version, " ", timeless(r.Values)), nil)
}

// timeless leaves out what the clocks of the hosts say of a role.
func timeless(values map[string]any) map[string]any {
	left := maps.Clone(values)
	for name, value := range left {
		if inner, is := value.(map[string]any); is {
			left[name] = timeless(inner)
		}
	}
	delete(left, "since")
	delete(left, "until")
	return left
}

// update writes to a record that was not read.
func (s *stage) update(what string, r *sdk.Record, values map[string]any, version int64) {
	saved, err := s.Update(s, &sdk.Record{Entity: r.Entity, ID: r.ID, Version: version, Values: values})
	s.saved(what, saved, err)
}

// playAlike has a mutation and a query that play a step, and rules.
func playAlike(p *sdk.Plugin) {
	p.Entities = fstest.MapFS{"entities/alike.yaml": {Data: []byte(alikeYAML)}, "entities/member.yaml": {Data: []byte(memberYAML)}}
	p.PartyData = sdk.OnlyRecords()
	p.Timers = map[string]sdk.TimerFunc{"sla": func(context.Context, sdk.Host, *sdk.Timer) error { return nil }}
	p.BeforeSave = map[string]sdk.SaveFunc{"alike": judgeAlike}
	p.BeforeDelete = map[string]sdk.DeleteFunc{"alike": func(_ context.Context, _ sdk.Host, r *sdk.Record) error {
		if r.Text("note") == "stays" {
			return sdk.Reject("note", "says that it stays")
		}
		return nil
	}}
	play := func(steps map[string]func(*stage)) func(context.Context, sdk.Host, struct {
		Step string `json:"step"`
	}) ([]string, error) {
		return func(ctx context.Context, host sdk.Host, in struct {
			Step string `json:"step"`
		}) ([]string, error) {
			s := &stage{Context: ctx, Host: host}
			steps[in.Step](s)
			return s.said, nil
		}
	}
	p.Operations = []sdk.Operation{sdk.Mutation("play", play(writingSteps)), sdk.Query("look", play(readingSteps))}
}

// judgeAlike refuses changes in several ways, and makes one.
func judgeAlike(_ context.Context, _ sdk.Host, r *sdk.Record) error {
	switch r.Text("note") {
	case "rejected":
		return errors.Join(sdk.Reject("note", "is rejected"), sdk.Reject("code", "goes with it"))
	case "forbidden":
		return &sdk.Error{Code: sdk.CodeForbidden}
	case "spoilt":
		r.Values["state"] = "nowhere"
	case "sold":
		if r.Version > 1 {
			return &sdk.Error{Code: sdk.CodeConflict, Message: "It is sold."}
		}
	}
	return nil
}

// A plugin that is right in a test must be right in the server: both hosts are
// asked the same, and have to answer in the same words.
func TestPlugintestAnswersAsTheServerDoes(t *testing.T) {
	t.Parallel()
	plugins, all := t.TempDir(), `{read: true, create: true, update: true, delete: true, grant: true, withdraw: true, fields: {"*": write}}`
	cast(t, plugins, "alike", fmt.Sprintf("needs: {rules: [alike], records: {party: %[1]s, member: %[1]s, customer: %[1]s, supplier: %[1]s}}", all))
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins, "--calendars", calendarsIn(t))...).ready()
		p.pluginProcess("alike")
		h := plugintest.Start(t, played("alike"))
		h.SetCalendars(officeYAML)
		refused := 0
		act := func(operation, query string, steps map[string]func(*stage)) {
			for _, name := range slices.Sorted(maps.Keys(steps)) {
				t.Run(name, func(t *testing.T) { refused += compareHosts(t, p, h, operation, query, name) })
			}
		}
		act("play", `mutation { play(step: %q) }`, writingSteps)
		act("look", `{ look(step: %q) }`, readingSteps)
		if refused < leastRefusals {
			t.Errorf("%d answers are refusals, want at least %d: the script does not play what it should", refused, leastRefusals)
		}
		p.stop()
	})
}

// compareHosts plays a step in both hosts, and counts the refusals.
func compareHosts(t *testing.T, p *process, h *plugintest.Host, operation, query, step string) (refused int) {
	t.Helper()
	var got map[string][]string
	if err := p.ask(fmt.Sprintf(query, step), nil, &got); err != nil {
		t.Fatal(err)
	}
	answer, err := h.Call(operation, map[string]any{"step": step})
	if err != nil {
		t.Fatal(err)
	}
	var rehearsed []string
	for _, line := range answer.([]any) {
		rehearsed = append(rehearsed, line.(string))
	}
	if diff := cmp.Diff(got[operation], rehearsed); diff != "" || len(rehearsed) == 0 {
		t.Errorf("plugintest answers otherwise than the server (-server +plugintest):\n%s", diff)
	}
	for _, line := range got[operation] {
		switch code := codeIn(line); code {
		case "no", sdk.CodeInternal:
			t.Errorf("the server breaks at %s", line)
		case sdk.CodeInvalid, sdk.CodeNotFound, sdk.CodeForbidden, sdk.CodeConflict:
			refused++
		}
	}
	return refused
}

// codeIn is the first word of an answer.
func codeIn(line string) string {
	_, answer, _ := strings.Cut(line, ": ")
	code, _, _ := strings.Cut(answer, " ")
	return code
}
