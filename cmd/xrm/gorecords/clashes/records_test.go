// Package example has entities whose names are those of other things in Go.
package example

import "testing"

func TestNamesThatAreTakenAreReadAsWell(t *testing.T) {
	v := NewVisitField()
	v.SetValues("kept")
	v.SetText("read")
	v.SetEntity(VisitEntityFieldField("good"))
	v.SetPlace(VisitPlace{Tags: []string{"a"}})
	v.SetPlaceTags([]int64{1})
	if v.Values() != "kept" || v.Text() != "read" || v.Entity() != "good" || len(v.Place().Tags) != 1 || len(v.PlaceTags()) != 1 || !v.HasValues() {
		t.Errorf("it is read as %v", v.Record.Values)
	}
	if v.Record.Entity != "visit" || NewVisitEntityField().Entity != "visitEntity" || NewNewVisit().Entity != "newVisit" {
		t.Errorf("they are records of %s", v.Record.Entity)
	}
}
