package access_test

import (
	"testing"

	"github.com/openxrm/xrm/core"
)

// BenchmarkVisible is what an answer pays for each of its records.
func BenchmarkVisible(b *testing.B) {
	m, roles := load(b, all...)
	record := people()[4]
	for name, actor := range map[string]core.Actor{
		"admin":        {ID: "u1", Roles: []string{"admin"}},
		"filter":       {ID: "u1", Roles: []string{"german"}},
		"bound filter": {ID: "u1", Party: "p1", Roles: []string{"manager"}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := roles.Visible(m, actor, record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
