package record_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

const invoices = `
entity: invoice
fields:
  number: {type: autonumber, format: "R-{YYYY}-{000}", unique: true, gapless: true}
  position: {type: autonumber, format: "{00}", unique: true, gapless: true}
  code: {type: text, unique: true}
  amount: {type: integer, min: 0, required: true}
`

// onEachBook runs a test on each store with invoices.
func onEachBook(t *testing.T, test func(*land)) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		test(newLandOf(t, open(t), append(slices.Clone(referringEntities), invoices)))
	})
}

func invoice(set map[string]any) record.Draft {
	return record.Draft{Action: core.Created, Set: set}
}

// numbered wants the numbers of all invoices to be 1 to n in each series, each once.
func (l *land) numbered(atLeast int) {
	l.Helper()
	found, err := l.store.Find(core.OneRequest(l.Context()), l.model.Entity("invoice"), core.Query{First: -1, Deleted: true})
	if err != nil {
		l.Fatal(err)
	}
	series := map[string][]int64{}
	for _, r := range found {
		for _, f := range []string{"number", "position"} {
			format := map[string]string{"number": "R-{YYYY}-{000}", "position": "{00}"}[f]
			text, _ := r.Values[f].(string)
			n, year, ok := schema.AutonumberOf(format, text)
			if !ok {
				l.Errorf("the invoice %s has the %s %q", r.ID, f, text)
			}
			series[f+year] = append(series[f+year], n)
		}
	}
	for name, numbers := range series {
		slices.Sort(numbers)
		for i, n := range numbers {
			if n != int64(i+1) {
				l.Fatalf("the numbers of %s are %v; want 1 to %d", name, numbers, len(numbers))
			}
		}
	}
	if len(found) < atLeast {
		l.Errorf("there are %d invoices; want at least %d", len(found), atLeast)
	}
}

// Many create invoices at the same time on two instances, alone, in bulk and in batches,
// some of which are refused, and each of which may be killed between any two writes.
func TestASequenceHasNoGapWhateverIsRefusedOrKilled(t *testing.T) {
	onEachBook(t, func(l *land) {
		var kills, refusals atomic.Int64
		var mu sync.Mutex
		dice := rand.New(rand.NewPCG(7, 8))
		roll := func(n int) bool { mu.Lock(); defer mu.Unlock(); return dice.IntN(n) == 0 }
		killing := func(step string) error {
			if (strings.HasPrefix(step, "commit") || strings.HasPrefix(step, "made")) && roll(12) {
				kills.Add(1)
				return errKilled
			}
			return nil
		}
		instances := []*record.Service{l.instance(killing), l.instance(killing)}
		for _, year := range []int{2026, 2027} {
			l.now = time.Date(year, 3, 1, 8, 0, 0, 0, time.UTC)
			var group sync.WaitGroup
			for i := range 50 {
				group.Go(func() {
					s := instances[i%2].As(admin, l.on)
					ctx, e := core.OneRequest(l.Context()), l.model.Entity("invoice")
					one := func(n int) map[string]any {
						set := map[string]any{"amount": n, "code": fmt.Sprint(year, "/", i, "/", n)}
						if n == 2 {
							set["code"] = "taken" // by the first of all that try
						}
						return set
					}
					var errs []error
					switch i % 5 {
					case 0:
						_, err := s.Batch(ctx, record.Key{Name: fmt.Sprint("key", year, i)}, []record.Wish{l.wish("invoice", invoice(one(0))), l.wish("invoice", invoice(one(i%10/5*2)))}, false)
						errs = append(errs, err)
					case 1:
						for _, r := range s.Save(ctx, e, []record.Draft{invoice(one(0)), invoice(one(2)), invoice(one(3)), invoice(nil), invoice(one(4))}, false) {
							errs = append(errs, r.Err)
						}
					case 2:
						d := invoice(one(i % 4))
						d.Key = record.Key{Name: fmt.Sprint("once", year, i)}
						for range 2 { // a client that asks again
							errs = append(errs, s.Save(ctx, e, []record.Draft{d}, false)[0].Err)
						}
					default:
						errs = append(errs, s.Save(ctx, e, []record.Draft{invoice(one(i % 4))}, false)[0].Err)
					}
					for _, err := range errs {
						if err != nil {
							refusals.Add(1)
						}
						if code := core.CodeOf(err); err != nil && code != core.Conflict && code != core.Invalid && code != core.Unavailable {
							l.Errorf("%v", err)
						}
					}
				})
			}
			group.Wait()
			l.fire()
			l.numbered(30)
		}
		if kills.Load() == 0 || refusals.Load() < 20 {
			l.Errorf("%d kills and %d refusals: the test does not test", kills.Load(), refusals.Load())
		}
	})
}

// Whoever dies at any step leaves nothing that the next one stumbles over.
func TestACreationThatIsKilledAtAnyStepLeavesNoGap(t *testing.T) {
	onEachBook(t, func(l *land) {
		for _, batch := range []bool{false, true} {
			for step, done := 0, false; !done; step++ {
				left := step
				dying := l.instance(func(string) error {
					if left--; left < 0 {
						return errKilled
					}
					return nil
				})
				var err error
				if batch {
					_, err = l.batch(dying, admin, "", l.wish("invoice", invoice(map[string]any{"amount": 1})), l.wish("invoice", invoice(map[string]any{"amount": 2})))
				} else {
					err = l.by(dying, admin, "invoice", invoice(map[string]any{"amount": 1}))
				}
				done = err == nil
				l.must("invoice", invoice(map[string]any{"amount": 3}))
				l.fire()
				l.numbered(step + 1)
			}
		}
	})
}

func TestAnInstanceFindsTheLastNumberInFewLooks(t *testing.T) {
	onEachBook(t, func(l *land) {
		const many = 60
		var drafts []record.Draft
		for i := range many {
			drafts = append(drafts, invoice(map[string]any{"amount": i}))
		}
		for _, r := range l.instance(nil).As(admin, l.on).Save(core.OneRequest(l.Context()), l.model.Entity("invoice"), drafts, false) {
			if r.Err != nil {
				l.Fatal(r.Err)
			}
		}
		looks := 0
		fresh := l.instance(func(step string) error {
			if step == "find invoice" {
				looks++
			}
			return nil
		})
		for want := many + 1; want < many+3; want++ {
			r := fresh.As(admin, l.on).Save(core.OneRequest(l.Context()), l.model.Entity("invoice"), []record.Draft{invoice(map[string]any{"amount": 1})}, false)[0]
			if r.Err != nil || r.Record.Values["number"] != fmt.Sprintf("R-2026-%03d", want) {
				l.Fatalf("%v, %v; want the number %d", r.Record, r.Err, want)
			}
		}
		if looks > 2*2*7 { // two fields, there and back
			l.Errorf("%d looks for the last of %d numbers", looks, many)
		}
		l.numbered(many + 2)
	})
}

func TestNobodyGivesChangesOrDeletesANumberOfASequence(t *testing.T) {
	onEachBook(t, func(l *land) {
		id := l.create("invoice", map[string]any{"amount": 1})
		for want, d := range map[string]record.Draft{
			"The invoice was not saved: some fields need attention. number is given by the program, one after the other without a gap; leave it out": invoice(map[string]any{"amount": 1, "number": "R-2026-007"}),
			"The invoice was not saved: some fields need attention. number never changes: its sequence has no gap":                                   {Action: core.Updated, ID: id, Set: map[string]any{"number": nil}},
			"The invoice was not deleted: its number R-2026-001 belongs to a sequence without gaps. Cancel it with another record, or with a state.": {Action: core.Deleted, ID: id},
		} {
			err := l.try("invoice", d)
			if err == nil || err.Error() != want {
				l.Errorf("%v\nwant %s", err, want)
			}
		}
		l.must("invoice", record.Draft{Action: core.Updated, ID: id, Set: map[string]any{"amount": 2}})
		l.numbered(1)
	})
}

func TestANewFormatStartsAnewOnAnInstanceThatRuns(t *testing.T) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		db := open(t)
		var service *record.Service
		for _, format := range []string{"R-{YYYY}-{000}", "S-{YYYY}-{000}"} {
			l := newLandOf(t, db, append(slices.Clone(referringEntities), strings.Replace(invoices, "R-{YYYY}-{000}", format, 1)))
			if service == nil {
				service = l.instance(nil)
			}
			for want := 1; want < 3; want++ {
				r := service.As(admin, l.on).Save(core.OneRequest(t.Context()), l.model.Entity("invoice"), []record.Draft{invoice(map[string]any{"amount": 1})}, false)[0]
				if r.Err != nil || r.Record.Values["number"] != fmt.Sprintf("%c-2026-%03d", format[0], want) {
					t.Fatalf("%v, %v; want the number %d of %s", r.Record, r.Err, want, format)
				}
			}
		}
	})
}
