package record_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// A deletion, or a restoration, that is killed at any step is whole in the end, or was
// never begun.
func TestADeletionThatIsKilledAtAnyStepGoesOnByItself(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		for _, action := range []core.Action{core.Deleted, core.Restored} {
			for step, done := 0, false; !done; step++ {
				a := l.create("owner", nil)
				parts := []string{l.create("part", map[string]any{"owner": a}), l.create("part", map[string]any{"owner": a})}
				pieces := []string{l.create("piece", map[string]any{"part": parts[0], "other": parts[1]}), l.create("piece", map[string]any{"part": parts[1]})}
				leaf := l.create("leaf", map[string]any{"owner": a})
				if action == core.Restored {
					l.must("owner", deletion(a))
					l.fire()
				}
				left := step
				var at string
				err := l.by(l.instance(func(s string) error {
					if left--; left < 0 {
						at = max(at, s)
						return errKilled
					}
					return nil
				}), admin, "owner", record.Draft{Action: action, ID: a})
				done = err == nil
				l.fire()
				l.holds()
				gone := l.get("owner", a).Deleted()
				for e, ids := range map[string][]string{"part": parts, "piece": pieces} {
					for _, id := range ids {
						if l.get(e, id).Deleted() != gone {
							t.Errorf("the owner is deleted: %v, the %s %s is not like it", gone, e, id)
						}
					}
				}
				if done && gone != (action == core.Deleted) || gone && l.get("leaf", leaf).At("owner") != nil {
					t.Errorf("after %s without a kill the owner is deleted: %v", action, gone)
				}
				if t.Failed() {
					t.Fatalf("%s was killed at step %d: %s", action, step, at)
				}
			}
		}
	})
}

// Of two deletions of one record the one that comes too late takes back nothing that the
// other has taken, wherever it was overtaken.
func TestTwoDeletionsAtTheSameMoment(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		for step, met := 0, true; met; step++ {
			a := l.create("owner", nil)
			part := l.create("part", map[string]any{"owner": a})
			piece := l.create("piece", map[string]any{"part": part})
			left := step
			var at string
			met = false
			_ = l.by(l.instance(func(s string) error {
				if left--; left < 0 && !met {
					met, at = true, s
					_ = l.by(l.instance(func(string) error { return nil }), admin, "owner", deletion(a))
				}
				return nil
			}), admin, "owner", deletion(a))
			for e, id := range map[string]string{"owner": a, "part": part, "piece": piece} {
				if !l.get(e, id).Deleted() {
					t.Errorf("overtaken at step %d, %s: the %s lives", step, at, e)
				}
			}
			l.holds()
		}
	})
}

// The timer of a record is of whoever has set it last: a deletion or restoration that comes to
// its end takes none away from another that is killed, wherever it was overtaken.
func TestADeletionThatOvertookAnotherAndIsKilledGoesOnByItself(t *testing.T) {
	cases := map[string]struct{ first, second core.Action }{
		"a deletion overtaken by a deletion":    {core.Deleted, core.Deleted},
		"a deletion overtaken by a restoration": {core.Deleted, core.Restored},
		"a restoration overtaken by a deletion": {core.Restored, core.Deleted},
	}
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		for name, tt := range cases {
			for _, refused := range []bool{false, true} {
				if refused && tt.first == core.Restored {
					continue
				}
				for step, met := 0, true; met; step++ {
					a := l.create("owner", nil)
					l.from = a
					part := l.create("part", map[string]any{"owner": a})
					piece := l.create("piece", map[string]any{"part": part})
					if tt.first == core.Restored {
						l.must("owner", deletion(a))
						l.fire()
					}
					left := step
					var at string
					met = false
					_ = l.by(l.instance(func(s string) error {
						if refused && s == "commit deleted owner" {
							return &core.Error{Code: core.Conflict, Message: "Not this one."}
						}
						if left--; left < 0 && !met {
							met, at = true, s
							_ = l.by(l.instance(func(s string) error {
								if s == "made "+string(tt.second)+" owner" {
									return errKilled
								}
								return nil
							}), admin, "owner", record.Draft{Action: tt.second, ID: a})
						}
						return nil
					}), admin, "owner", record.Draft{Action: tt.first, ID: a})
					l.fire()
					l.holds()
					gone := l.get("owner", a).Deleted()
					for e, id := range map[string]string{"part": part, "piece": piece} {
						if l.get(e, id).Deleted() != gone {
							t.Errorf("%s, refused %v, at step %d, %s: the owner is deleted: %v, the %s is not like it", name, refused, step, at, gone, e)
						}
					}
				}
			}
		}
	})
}

// Every interleaving of a creation and a deletion, where the one stops before any of its
// steps until the other has come to its end, and either or none is killed there.
func TestACreationAndADeletionAtTheSameMoment(t *testing.T) {
	referring := map[string]func(owner string) record.Draft{
		"deed": func(a string) record.Draft {
			return record.Draft{Action: core.Created, Set: map[string]any{"owner": a}}
		},
		"leaf": func(a string) record.Draft {
			return record.Draft{Action: core.Created, Set: map[string]any{"others": []any{a}}}
		},
		"part": func(a string) record.Draft {
			return record.Draft{Action: core.Created, Set: map[string]any{"owner": a}}
		},
		"piece": nil, // refers to a part that goes with its owner
	}
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		for _, entity := range slices.Sorted(maps.Keys(referring)) {
			for _, stops := range []string{"creation", "deletion"} {
				for _, kill := range []string{"", "first", "second"} {
					l.from = ""
					var made, trails []string
					for step, more := 0, true; more; step++ {
						a := l.create("owner", nil)
						if l.from == "" {
							l.from = a
						}
						p := l.create("part", map[string]any{"owner": a})
						create := record.Draft{Action: core.Created, Set: map[string]any{"other": p}}
						if referring[entity] != nil {
							create = referring[entity](a)
						}
						run := map[string]func(s *record.Service) error{
							"creation": func(s *record.Service) error { return l.by(s, admin, entity, create) },
							"deletion": func(s *record.Service) error { return l.by(s, admin, "owner", deletion(a)) },
						}
						other := map[string]string{"creation": "deletion", "deletion": "creation"}[stops]
						left, met, second := step, false, 0
						var trail []string
						answers := map[string]error{}
						answers[stops] = run[stops](l.instance(func(s string) error {
							trail = append(trail, stops+": "+s)
							if met {
								if kill == "first" {
									return errKilled
								}
								return nil
							}
							if left--; left >= 0 {
								return nil
							}
							met = true
							answers[other] = run[other](l.instance(func(s string) error {
								trail = append(trail, other+": "+s)
								if second++; kill == "second" && second > step/2 {
									return errKilled
								}
								return nil
							}))
							if kill == "first" {
								return errKilled
							}
							return nil
						}))
						more = met
						trails = append(trails, fmt.Sprintf("%s, before step %d\n%s\n%v", a, step, strings.Join(trail, "\n"), answers))
						if answers["deletion"] == nil && met && entity != "deed" && entity != "piece" {
							made = append(made, a)
						}
					}
					if kill == "" {
						l.holds() // what was answered holds before any timer fires
					}
					l.fire()
					l.holds()
					for _, a := range made {
						if !l.get("owner", a).Deleted() {
							t.Errorf("the deletion has said that it is made, and the owner %s lives", a)
						}
					}
					if t.Failed() {
						t.Fatalf("%s, %s stops, killed: %q\n%s", entity, stops, kill, strings.Join(trails, "\n"))
					}
				}
			}
		}
	})
}

// Looking again after the write costs a creation as much as a third of it.
func TestACreationLooksAgainOnlyWhereADeletionMayNotHaveSeenIt(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		a := l.create("owner", nil)
		for took, again := range map[time.Duration]bool{0: false, 24 * time.Millisecond: false, 25 * time.Millisecond: !l.store.Joined(), time.Second: !l.store.Joined()} {
			var trail []string
			s := l.instance(func(step string) error {
				if trail = append(trail, step); step == "commit created deed" {
					l.waits.Add(int64(took))
				}
				return nil
			})
			if err := l.by(s, admin, "deed", record.Draft{Action: core.Created, Set: map[string]any{"owner": a}}); err != nil {
				t.Fatal(err)
			}
			if got := trail[len(trail)-1] == "find owner"; got != again {
				t.Errorf("a creation of %v looks again: %v, want %v: %q", took, got, again, trail)
			}
		}
	})
}

func TestAHundredCreationsRaceADeletion(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		for round := range 4 {
			a := l.create("owner", nil)
			services := []*record.Service{l.instance(nil), l.instance(nil)}
			var begun atomic.Int64
			done := make(chan error, 101)
			for i := range 100 {
				entity := []string{"deed", "leaf", "part", "deed"}[(i+round)%4]
				set := map[string]any{"owner": a}
				killed := i%10 == 9
				go func() {
					s := services[i%2]
					if killed {
						s = l.instance(func(step string) error {
							if strings.HasPrefix(step, "made ") {
								return errKilled
							}
							return nil
						})
					}
					begun.Add(1)
					done <- l.by(s, admin, entity, record.Draft{Action: core.Created, Set: set})
				}()
			}
			go func() {
				for begun.Load() < int64(20*round) {
					time.Sleep(0)
				}
				done <- l.by(services[1], admin, "owner", deletion(a))
			}()
			for range 101 {
				<-done
			}
			l.fire()
			l.holds()
		}
	})
}
