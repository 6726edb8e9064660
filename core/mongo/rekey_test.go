package mongo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// sorted is a database with names that sort otherwise in Swedish than in German.
type sorted struct {
	t *testing.T
	s *Store
	m *schema.Model
}

func newSorted(t *testing.T) *sorted {
	m, err := schema.Load(schema.Source{Layer: "test", File: "test.yaml", Data: []byte("entity: thing\nfields: {name: {type: text, index: true}}\n")})
	must(t, err)
	d := &sorted{t, open(t, mongotest.Server(t), patient), m}
	t.Cleanup(func() { d.s.Close() })
	must(t, d.start(d.s, "de"))
	var all []core.Change
	for i := range 7 {
		all = append(all, creation(m.Entity("thing"), fmt.Sprint(i), map[string]any{"name": []string{"Ärlig", "Zorn"}[i%2]}))
	}
	must(t, errors.Join(d.s.Commit(t.Context(), m.Entity("thing"), all)...))
	return d
}

// start prepares a store for a language.
func (d *sorted) start(s *Store, language string) error {
	d.t.Helper()
	c, err := schema.NewCollation(language)
	must(d.t, err)
	s.SortBy(c)
	s.rekeyBatch = 3
	return s.Prepare(d.t.Context(), d.m)
}

// dies starts a process for a language that is killed at a write, and says whether it
// came to that. Its lease has ended since.
func (d *sorted) dies(language string, c *cut) bool {
	d.t.Helper()
	door := newDoor(d.t, strings.TrimPrefix(mongotest.Server(d.t), "mongodb://"))
	door.cut = c
	defer door.Shut()
	s, err := New(Config{URI: "mongodb://" + door.address + "/" + d.s.db.Name(), Search: soon, Timeout: patient})
	must(d.t, err)
	defer s.Close()
	err = d.start(s, language)
	if _, err := d.s.db.Collection(leasesCollection).DeleteMany(d.t.Context(), bson.D{}); err != nil {
		d.t.Fatal(err)
	}
	if !c.has() {
		must(d.t, err)
	}
	return c.has()
}

// serves starts a process for a language and wants it to sort as that does.
func (d *sorted) serves(language, when string) {
	d.t.Helper()
	must(d.t, d.start(d.s, language))
	e := d.m.Entity("thing")
	order, err := e.SortKey("name", false)
	must(d.t, err)
	found, err := d.s.Find(d.t.Context(), e, core.Query{First: -1, OrderBy: []core.Order{order}})
	must(d.t, err)
	var names []string
	for _, r := range found {
		names = append(names, r.Values["name"].(string))
	}
	want := []string{"Ärlig", "Ärlig", "Ärlig", "Ärlig", "Zorn", "Zorn", "Zorn"}
	if language == "sv" {
		slices.Reverse(want)
	}
	if !slices.Equal(names, want) {
		d.t.Errorf("%s the names are sorted %q, want %q as %s", when, names, want, language)
	}
}

// Whoever made sort keys is killed at any write. The next process may be for the new
// language, or for the old one again, because somebody has taken the setting back.
func TestSortKeysThatWereCutOffAtAnyWriteAreMadeByTheNextStart(t *testing.T) {
	for _, next := range []string{"sv", "de"} {
		t.Run("then as "+next, func(t *testing.T) {
			t.Parallel()
			d := newSorted(t)
			for writes, died := 0, true; died; writes++ {
				for _, unasked := range []bool{true, false} {
					died = d.dies("sv", &cut{left: writes, unasked: unasked})
					if !died && writes < 9 {
						t.Errorf("it is done after %d writes; want more, for three batches", writes)
					}
					d.serves(next, fmt.Sprintf("killed at write %d, unasked %v,", writes, unasked))
					d.serves("de", "back in German")
				}
			}
		})
	}
}
