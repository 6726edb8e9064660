package storetest

import (
	"context"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
)

// budgetTests are about what a request may hold in memory.
func budgetTests() map[string]func(*desk) {
	return map[string]func(*desk){"what is read is held, and no more than may be": budgetHolds}
}

func budgetHolds(d *desk) {
	const each = 100 << 10
	var all []values
	for i := range 40 {
		all = append(all, values{"code": fmt.Sprint("C-", i), "name": fmt.Sprint("Thing ", i), "body": strings.Repeat("b", each)})
	}
	records := d.createAll(d.thing, all...)
	for r, version := records[0], 2; version <= 5; version++ {
		c := d.next(core.Updated, r, values{"code": "C-0", "body": strings.Repeat("c", each) + fmt.Sprint(version)})
		d.commit(d.thing, c)
		r = c.After
	}
	per := &core.Per{Path: "code", Keys: []string{"C-1", "C-2", "C-3", "C-4", "C-5", "C-6", "C-7", "C-8", "C-9", "C-10", "C-11", "C-12"}}
	const limit = 1 << 20
	for name, tt := range map[string]struct {
		read    func(ctx context.Context) error
		refused bool
	}{
		"a list": {func(ctx context.Context) error { _, err := d.Find(ctx, d.thing, core.Query{First: -1}); return err }, true},
		"a page": {func(ctx context.Context) error { _, err := d.Find(ctx, d.thing, core.Query{First: 5}); return err }, false},
		"a part of the list": {func(ctx context.Context) error {
			_, err := d.Find(ctx, d.thing, core.Query{First: -1, Only: []string{"name"}})
			return err
		}, false},
		"many small lists": {func(ctx context.Context) error {
			_, err := d.Find(ctx, d.thing, core.Query{First: 1, Per: per})
			return err
		}, true},
		"a history":       {func(ctx context.Context) error { _, err := d.History(ctx, d.thing, records[0].ID, 10, 0); return err }, true},
		"a short history": {func(ctx context.Context) error { _, err := d.History(ctx, d.thing, records[1].ID, 10, 0); return err }, false},
	} {
		server := budget.New(budget.Limits{Request: limit})
		ctx, request := budget.Begin(server.Of(d.ctx, "k"))
		err := tt.read(ctx)
		if (core.CodeOf(err) == core.Invalid) != tt.refused || err != nil && !tt.refused {
			d.t.Errorf("%s: got %v; want it to be refused: %v", name, err, tt.refused)
		}
		if request.Held() == 0 && !tt.refused || server.Held() > limit+16<<10 {
			d.t.Errorf("%s: %d bytes are held, %d by all; want some, and at most %d", name, request.Held(), server.Held(), limit)
		}
		if request.Release(); server.Held() != 0 {
			d.t.Errorf("%s: %d bytes are held afterwards", name, server.Held())
		}
	}
}
