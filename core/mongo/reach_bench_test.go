package mongo

import (
	"fmt"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
)

// BenchmarkReach lists things whose owner is one of many.
func BenchmarkReach(b *testing.B) {
	s := open(b, mongotest.Server(b), patient)
	b.Cleanup(func() { s.Close() })
	m := model(b)
	e := m.Entity("thing")
	if err := s.Prepare(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	const all = 20_000
	for from := 0; from < all; from += 1000 {
		var changes []core.Change
		for i := from; i < from+1000; i++ {
			color := "red"
			if i%10 == 0 {
				color = "green"
			}
			changes = append(changes, creation(e, fmt.Sprintf("%05d", i), object{"color": color, "owner": fmt.Sprintf("%05d", i*7919%all)}))
		}
		for _, err := range s.Commit(b.Context(), e, changes) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	for color, n := range map[string]int{"green": all / 10, "red": all - all/10} {
		f, err := m.ParseFilter(e, object{"owner": object{"color": object{"eq": color}}}, true)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%d behind/20", n), func(b *testing.B) {
			for b.Loop() {
				if found, err := s.Find(b.Context(), e, core.Query{Filter: f, First: 20}); err != nil || len(found) != 20 {
					b.Fatal(len(found), err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d behind/20 of each of 20", n), func(b *testing.B) {
			per := &core.Per{Path: "owner"}
			for i := range 20 {
				per.Keys = append(per.Keys, fmt.Sprintf("%05d", i))
			}
			for b.Loop() {
				if _, err := s.Find(b.Context(), e, core.Query{Filter: f, First: 20, Per: per}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
