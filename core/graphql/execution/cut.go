package execution

import "maps"

// Cut is the beginning of a list that goes on, although the client did not say
// how long it may be. The answer's extensions.cut names its path.
type Cut []any

// maxCuts is how many lists are named.
const maxCuts = 20

func (x *run) cut(path []any) {
	if len(x.cuts) < maxCuts {
		x.cuts = append(x.cuts, path)
	}
}

// extensions are those of this answer.
func (x *run) extensions(all map[string]any) map[string]any {
	if len(x.cuts) == 0 {
		return all
	}
	all = maps.Clone(all)
	all["cut"] = x.cuts
	return all
}
