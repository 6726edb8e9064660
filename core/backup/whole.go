package backup

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
)

// errHalf is that some batch was on its way at each position that came into question.
var errHalf = errors.New("a batch is half there at each position")

// span is where a batch is in the journal: its entries come one by one, and others between.
type span struct{ first, last int64 }

// ends are what whole has to know, and what there is beside the records behind the position
// that it returns: with the keys of all batches up to there, which end with their keys.
func (l *live) ends(ctx context.Context) (ends [4]int64, after beside, err error) {
	ends[0], err = l.last(ctx)
	for i := 1; i < 3 && err == nil; i++ {
		ends[i], err = l.reached(ctx)
	}
	if err == nil {
		err = l.source.EndBatches(ctx)
	}
	if err == nil {
		after, err = l.beside(ctx)
	}
	if err == nil {
		ends[3], err = l.reached(ctx)
	}
	return ends, after, err
}

// whole returns a position at which there is all or nothing of each batch, and the batches
// behind it. ends are four ends of the journal, as reached has told the last three of them.
//
// The position is between the second and the third. All of a batch that has an entry up to
// the third is up to the fourth. And one that has an entry up to the first was decided
// before the second, so that all of it is up to there. So between the first and the last
// are all entries of each batch that may be half there.
func (l *live) whole(ctx context.Context, ends [4]int64) (position int64, behind map[string]bool, err error) {
	spans := map[string]span{}
	err = between(ctx, l.source, ends[0], ends[3], func(e core.Entry) error {
		if e.Batch != "" {
			s, known := spans[e.Batch]
			if !known {
				s.first = e.Position
			}
			s.last = e.Position
			spans[e.Batch] = s
		}
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	position = ends[2]
	latest := slices.SortedFunc(maps.Values(spans), func(a, b span) int { return cmp.Compare(b.first, a.first) })
	for _, s := range latest {
		if s.first <= position && position < s.last {
			position = s.first - 1
		}
	}
	if position < ends[1] {
		return 0, nil, errHalf
	}
	maps.DeleteFunc(spans, func(_ string, s span) bool { return s.last <= position })
	behind = map[string]bool{}
	for batch := range spans {
		behind[batch] = true
	}
	return position, behind, nil
}
