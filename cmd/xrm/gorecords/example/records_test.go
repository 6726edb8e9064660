// Package example is compiled and played with to show that what is written for
// entities/ is right.
package example

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// full has a value of every field.
func full(customer string) Visit {
	v, floor := NewVisit(), int64(0)
	v.SetCustomer(customer)
	v.SetTitle("Tea")
	v.SetPersons(3)
	v.SetPaid(false)
	v.SetHours("1.5")
	v.SetCosts(sdk.Money{Amount: "12.5", Currency: "EUR"})
	v.SetDay("2026-03-01")
	v.SetBeginsAt(time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("", 3600)))
	v.SetState(VisitStatePlanned)
	v.SetMood(VisitMoodNotBad)
	v.SetPhone("030 1234567")
	v.SetTags([]string{"a", "b"})
	v.SetDays([]time.Time{time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)})
	v.SetMoods([]VisitMoodsItem{VisitMoodsItemGood, VisitMoodsItemBad})
	v.SetPlace(VisitPlace{City: "Berlin", Floor: &floor})
	v.SetLines([]VisitLinesItem{{Quantity: 2, Marks: []string{"x"}}, {Quantity: 0}})
	v.SetRecordField("kept")
	return v
}

func TestWhatIsSetIsRead(t *testing.T) {
	h := plugintest.Start(t, sdk.Plugin{Name: "visits", Version: "1", Entities: os.DirFS("entities"), PartyData: sdk.OnlyRecords()})
	customer := h.Add("customer", map[string]any{"kind": "person", "displayName": "Ada"})
	made := full(customer.ID)
	saved, err := h.Save(made.Record)
	if err != nil {
		t.Fatal(err)
	}
	got := Visit{saved}
	type seen struct {
		Customer, Title, Phone, Record string
		Persons                        int64
		Paid, HasPaid                  bool
		Hours                          sdk.Decimal
		Costs                          sdk.Money
		Day                            sdk.Date
		Begins                         time.Time
		State                          VisitState
		Mood                           VisitMood
		Tags                           []string
		Days                           []time.Time
		Moods                          []VisitMoodsItem
		Place                          VisitPlace
		Lines                          []VisitLinesItem
	}
	see := func(v Visit) seen {
		return seen{v.Customer(), v.Title(), v.Phone(), v.RecordField(), v.Persons(), v.Paid(), v.HasPaid(), v.Hours(), v.Costs(), v.Day(), v.BeginsAt(), v.State(), v.Mood(), v.Tags(), v.Days(), v.Moods(), v.Place(), v.Lines()}
	}
	if diff := cmp.Diff(see(made), see(got)); diff != "" {
		t.Errorf("what was set is read otherwise when it is stored (-set +read):\n%s", diff)
	}
	if got.Number() != "V-2026-001" || !got.BeginsAt().Equal(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)) || *got.Place().Floor != 0 {
		t.Errorf("it is read as %+v", see(got))
	}
}

func TestWhatIsTakenAwayIsGone(t *testing.T) {
	h := plugintest.Start(t, sdk.Plugin{
		Name: "visits", Version: "1", Entities: os.DirFS("entities"), PartyData: sdk.OnlyRecords(),
		Operations: []sdk.Operation{sdk.Mutation("clear", func(ctx context.Context, host sdk.Host, in struct {
			ID string `json:"id"`
		},
		) (bool, error) {
			r, err := host.Get(ctx, VisitEntity, in.ID)
			if err != nil {
				return false, err
			}
			v := Visit{r}
			v.ClearPersons()
			v.ClearPaid()
			v.SetHours("")
			v.SetCosts(sdk.Money{})
			v.SetBeginsAt(time.Time{})
			v.SetTags(nil)
			v.SetPhone("")
			v.SetLines(nil)
			v.SetTitle("Coffee")
			_, err = host.Update(ctx, v.Record)
			return true, err
		})},
	})
	customer := h.Add("customer", map[string]any{"kind": "person", "displayName": "Ada"})
	saved, err := h.Save(full(customer.ID).Record)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Call("clear", map[string]any{"id": saved.ID}); err != nil {
		t.Fatal(err)
	}
	v := Visit{h.Get(VisitEntity, saved.ID)}
	for what, has := range map[string]bool{"persons": v.HasPersons(), "paid": v.HasPaid(), "hours": v.HasHours(), "costs": v.HasCosts(), "beginsAt": v.HasBeginsAt(), "tags": v.HasTags(), "phone": v.HasPhone(), "lines": v.HasLines()} {
		if has {
			t.Errorf("there is a value of %s still", what)
		}
	}
	if v.Title() != "Coffee" || !v.HasMood() || len(v.Moods()) != 2 {
		t.Errorf("what was left alone is %q, %q, %q", v.Title(), v.Mood(), v.Moods())
	}
}

func TestFilesAreSetAndReadBack(t *testing.T) {
	h := plugintest.Start(t, sdk.Plugin{Name: "visits", Version: "1", Entities: os.DirFS("entities"), PartyData: sdk.OnlyRecords()})
	customer := h.Add("customer", map[string]any{"kind": "person", "displayName": "Ada"})
	report, picture := h.Upload("report.txt", []byte("Tea.")), h.Upload("picture.txt", []byte("A cup."))
	v := full(customer.ID)
	v.SetReport(sdk.File{ID: report.ID})
	v.SetPictures([]sdk.File{report, picture})
	saved, err := h.Save(v.Record)
	if err != nil {
		t.Fatal(err)
	}
	got := Visit{saved}
	if got.Report() != report || !cmp.Equal(got.Pictures(), []sdk.File{report, picture}) {
		t.Errorf("it has %v and %v, want %v, and %v beside it", got.Report(), got.Pictures(), report, picture)
	}
	got.SetReport(got.Report())
	got.SetPictures(got.Pictures())
	if again, err := h.Save(got.Record); err != nil || again.Version != 1 {
		t.Errorf("what is set to what it was makes version %d, %v", again.Version, err)
	}
	got.SetReport(sdk.File{})
	if again, err := h.Save(got.Record); err != nil || (Visit{again}).HasReport() {
		t.Errorf("without its report it has %v, %v", (Visit{again}).Report(), err)
	}
}
