package contract

import (
	"slices"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// DataVersion is that of the records of a plugin that describes itself so.
func DataVersion(d *pluginpb.DescribeResponse) int {
	version := 1
	for _, m := range d.GetMigrations() {
		version = max(version, int(m.GetTo()))
	}
	return version
}

// Migrated names the entities whose records have another form in another version, in
// order. d is of the later one.
func Migrated(d *pluginpb.DescribeResponse, from, to int) (names []string) {
	for _, m := range between(d, from, to) {
		names = append(names, m.GetEntity())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// OneWay names the entities for which there is no way back from one version to another
// that is earlier. d is of the later one.
func OneWay(d *pluginpb.DescribeResponse, from, to int) (names []string) {
	for _, m := range between(d, from, to) {
		if !m.GetReversible() {
			names = append(names, m.GetEntity())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func between(d *pluginpb.DescribeResponse, a, b int) (steps []*pluginpb.Migration) {
	for _, m := range d.GetMigrations() {
		if to := int(m.GetTo()); to > min(a, b) && to <= max(a, b) {
			steps = append(steps, m)
		}
	}
	return steps
}
