package plugintest_test

import (
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func TestANumberWithoutGapsIsOneInATestToo(t *testing.T) {
	h := plugintest.Start(t, sdk.Plugin{Name: "billing", Version: "1", PartyData: sdk.OnlyRecords(), Entities: fstest.MapFS{"invoice.yaml": {Data: []byte(`entity: invoice
fields:
  number: {type: autonumber, format: "R-{000}", unique: true, gapless: true}
  code: {type: text, unique: true}
`)}}})
	save := func(values map[string]any) (*sdk.Record, error) {
		return h.Save(&sdk.Record{Entity: "invoice", Values: values})
	}
	first, err := save(map[string]any{"code": "A"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := save(map[string]any{"code": "A"}); err == nil {
		t.Error("a code is taken twice")
	}
	second, err := save(map[string]any{"code": "B"})
	if err != nil || second.Text("number") != "R-002" {
		t.Errorf("after a refusal the number is %q (%v); want R-002", second.Text("number"), err)
	}
	_, given := save(map[string]any{"number": "R-009"})
	deleted := h.Delete("invoice", first.ID)
	first.Values["number"] = "R-008"
	_, changed := h.Save(first)
	for want, err := range map[string]error{
		"The invoice was not saved: some fields need attention.; number is given by the program, one after the other without a gap; leave it out": given,
		"The invoice was not saved: some fields need attention.; number never changes: its sequence has no gap":                                   changed,
		"The invoice was not deleted: its number R-001 belongs to a sequence without gaps. Cancel it with another record, or with a state.":       deleted,
	} {
		if err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}
