package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// repeated joins what f makes of the numbers below n.
func repeated(n int, f func(n int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i))
	}
	return b.String()
}

func TestAPluginDescribesNoMoreThanAServerTakes(t *testing.T) {
	t.Parallel()
	fields := func(n int) string {
		return "fields:\n" + repeated(n, func(n int) string { return fmt.Sprintf("  f%d: {type: text}\n", n) })
	}
	files := func(n int, text string) (files []*pluginpb.EntityFile) {
		for i := range n {
			files = append(files, &pluginpb.EntityFile{Path: fmt.Sprintf("e%d.yaml", i), Yaml: fmt.Appendf(nil, "entity: e%d\n%s", i, text)})
		}
		return files
	}
	for name, tt := range map[string]struct {
		d    *pluginpb.DescribeResponse
		want string
	}{
		"as much as there may be": {&pluginpb.DescribeResponse{Entities: files(100, fields(20)), Operations: make([]*pluginpb.Operation, 200)}, ""},
		"entities":                {&pluginpb.DescribeResponse{Entities: files(2000, fields(1))}, "it describes 2000 entities, and 100 is the most for one plugin; split it into several plugins"},
		"fields":                  {&pluginpb.DescribeResponse{Entities: files(3, fields(700))}, "it describes 2100 fields in its definitions, and 2000 is the most for one plugin; keep what belongs together in fewer, or split it into several plugins"},
		"fields that unfold": {&pluginpb.DescribeResponse{Entities: files(1, "fields:\n  a: {type: object, fields: &a {"+repeated(100, func(n int) string { return fmt.Sprintf("x%d: {type: text}, ", n) })+"}}\n"+
			repeated(20, func(n int) string { return fmt.Sprintf("  b%d: {type: list, of: {type: object, fields: *a}}\n", n) }))},
			"it describes 2141 fields in its definitions, and 2000 is the most for one plugin; keep what belongs together in fewer, or split it into several plugins"},
		"options": {&pluginpb.DescribeResponse{Entities: files(1, "fields: {f: {type: enum, options: ["+repeated(2001, func(n int) string { return fmt.Sprintf("o%d, ", n) })+"]}}")},
			"it describes 2001 options of enums and states, and 2000 is the most for one plugin; make an entity of a long list and refer to it, or split it into several plugins"},
		"operations and computed fields": {&pluginpb.DescribeResponse{Operations: make([]*pluginpb.Operation, 201), Fields: make([]*pluginpb.ComputedField, 300)},
			"it describes 201 operations, and 200 is the most for one plugin; let some have more arguments, or split it into several plugins\n" +
				"it describes 300 computed fields, and 200 is the most for one plugin; let one return an object, or split it into several plugins"},
		"bytes": {&pluginpb.DescribeResponse{ConfigSchema: make([]byte, 1<<20)}, "it describes 1048580 bytes, and 1048576 is the most for one plugin; shorten its texts, or split it into several plugins"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := contract.CheckSize(tt.d); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
