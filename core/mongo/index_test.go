package mongo

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/schema"
)

func TestIndexesComeFromTheMetadata(t *testing.T) {
	m := model(t)
	var got []string
	for _, index := range indexesOf(m, m.Entity("thing")) {
		got = append(got, nameOf(index)+" "+written(t, index.Keys))
	}
	slices.Sort(got)
	want := []string{
		`by:_sort.code {"_sort.code":1,"_id":1}`,
		`by:_sort.name {"_sort.name":1,"_id":1}`,
		`by:at {"at":1,"_id":1}`,
		`by:color {"color":1,"_id":1}`,
		`by:color,-size {"color":1,"size":-1,"_id":-1}`,
		`by:createdAt {"createdAt":1,"_id":1}`,
		`by:lines.part {"lines.part":1,"_id":1}`,
		`by:owner {"owner":1,"_id":1}`,
		`by:phone.e164 {"phone.e164":1,"_id":1}`,
		`by:place.city {"place.city":1,"_id":1}`,
		`by:price.amount {"price.amount":1,"_id":1}`,
		`by:size {"size":1,"_id":1}`,
		`by:sizes {"sizes":1,"_id":1}`,
		`by:tags {"tags":1,"_id":1}`,
		`by:updatedAt {"updatedAt":1,"_id":1}`,
		`by:weight {"weight":1,"_id":1}`,
		`claims {"_claims":1}`,
		`live:code {"code":-1}`,
		`pending {"_journal.version":1}`,
		`with:phone.raw {"phone.raw":1,"_id":1}`,
		`words {"_words":1}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("indexes: -want +got:\n%s", diff)
	}
}

func TestAFieldWithTwinsCannotBecomeUnique(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	load := func(text string) *schema.Model {
		m, err := schema.Load(schema.Source{Layer: "test", File: "test.yaml", Data: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := load("entity: thing\nfields: {code: {type: text}}")
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	twins := []core.Change{creation(m.Entity("thing"), "1", object{"code": "A"}), creation(m.Entity("thing"), "2", object{"code": "A"})}
	for _, err := range s.Commit(t.Context(), m.Entity("thing"), twins) {
		if err != nil {
			t.Fatal(err)
		}
	}
	err := s.Prepare(t.Context(), load("entity: thing\nfields: {code: {type: text, unique: true}}"))
	var ours *core.Error
	errors.As(err, &ours)
	if ours == nil || ours.Code != core.Conflict || ours.Message != `test.yaml:2: field "code" of thing cannot be unique: live records have the same value. Change all but one of each, which xrm check --model lists, then start xrm again, or reload the plugin that wants it.` || ours.Cause.Error() != `2 records have "A": 1, 2` {
		t.Errorf("Prepare: %v; want it to name the field and the records", err)
	}
}

func TestSeveralInstancesPrepareAtOnce(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	m := model(t)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if err := s.Prepare(t.Context(), m); err != nil {
				t.Errorf("Prepare: %v", err)
			}
		})
	}
	group.Wait()
}

// TestFormerIndexesGiveWay opens a database as programs from before have left it.
func TestFormerIndexesGiveWay(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	m := model(t)
	e := m.Entity("thing")
	list := func() (names []string) {
		t.Helper()
		there, err := s.collection(e).Indexes().ListSpecifications(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, index := range there {
			names = append(names, index.Name)
		}
		slices.Sort(names)
		return names
	}
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	want := list()
	if _, err := s.collection(e).Indexes().CreateOne(t.Context(), ordered("name")); err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, list()); diff != "" {
		t.Errorf("indexes: -want +got:\n%s", diff)
	}
}

func TestIndexesTakeThePlaceOfThoseFromBefore(t *testing.T) {
	tests := map[string][]string{
		"by:size":                               nil,
		"live:_sort.name":                       nil,
		"by:_sort.name":                         {"by:name"},
		"with:phone.raw":                        {"by:phone.raw"},
		"by:roles=agent,agent.size":             {"by:roles,agent.size", "by:agent.size"},
		"by:roles=agent,_sort.agent.area":       {"by:roles,_sort.agent.area", "by:roles,agent.area", "by:_sort.agent.area", "by:agent.area"},
		"by:roles,-_sort.agent.area,_sort.name": {"by:roles,-agent.area,_sort.name", "by:roles,-agent.area,name"},
	}
	for name, want := range tests {
		if diff := cmp.Diff(want, before(name)); diff != "" {
			t.Errorf("before(%q): -want +got:\n%s", name, diff)
		}
	}
}
