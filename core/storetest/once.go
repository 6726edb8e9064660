package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core"
)

func onceTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a change is made once for each key, whatever it does": onceEach,
		"the key of a refused change is free":                  onceRefused,
		"of many changes with one key one is made":             onceRace,
		"a key that has expired is free":                       onceExpired,
		"a batch of nothing keeps its key":                     onceNothing,
	}
}

func (d *desk) keyed(c core.Change, key string) core.Change {
	d.drawn++
	c.Once = core.Once{Key: key, Result: []byte(key), Keep: time.Hour, ID: fmt.Sprintf("o%d", d.drawn)}
	return c
}

func (d *desk) keeps(key string, want bool) {
	d.t.Helper()
	value, version, err := d.State(d.ctx, core.OnceOwner, key)
	if err != nil || (version != 0) != want || want && string(value) != key {
		d.t.Errorf("what came of the key %s: %q, version %d, %v; want it kept: %v", key, value, version, err, want)
	}
}

func onceEach(d *desk) {
	c := d.creation(d.thing, values{"code": "A1", "size": int64(1)})
	d.commit(d.thing, d.keyed(c, "k1"))
	d.keeps("k1", true)
	d.refused(d.try(d.thing, d.keyed(d.creation(d.thing, values{"code": "A2"}), "k1"))[0], "key", "key")
	r := c.After
	for i, action := range []core.Action{core.Updated, core.Deleted, core.Restored} {
		next := d.next(action, r, values{"code": "A1", "size": int64(i)})
		key := string(action)
		errs := d.try(d.thing, d.keyed(next, key), d.creation(d.thing, values{}))
		d.same("the errors of "+key, errs, []error{nil, nil})
		d.keeps(key, true)
		d.same("the record", d.get(d.thing, r.ID), next.After)
		d.same("its latest entry", d.history(d.thing, r.ID)[0], next.Entry(d.thing))
		r = next.After
		d.refused(d.try(d.thing, d.keyed(d.next(core.Updated, r, values{"size": int64(9)}), key))[0], "key", "key")
		d.same("the record, after another change with the key", d.get(d.thing, r.ID), r)
	}
}

func onceRefused(d *desk) {
	r := d.create(d.thing, values{"code": "A1"})
	d.do(d.thing, core.Updated, r, values{"code": "A1", "size": int64(1)})
	d.refused(d.try(d.thing, d.keyed(d.next(core.Updated, r, values{"size": int64(2)}), "k1"))[0], "version", "")
	d.refused(d.try(d.thing, d.keyed(d.creation(d.thing, values{"code": "A1"}), "k1"))[0], "unique", "code")
	d.keeps("k1", false)
	d.commit(d.thing, d.keyed(d.creation(d.thing, values{"code": "A2"}), "k1"))
	d.keeps("k1", true)
}

func onceRace(d *desk) {
	stores := []Store{d.Store, d.another()}
	changes := make([]core.Change, 20)
	for i := range changes {
		changes[i] = d.keyed(d.creation(d.thing, values{"size": int64(i)}), "k1")
	}
	var made, refused atomic.Int32
	var group sync.WaitGroup
	for i, c := range changes {
		group.Go(func() {
			switch err := stores[i%2].Commit(d.ctx, d.thing, []core.Change{c})[0]; {
			case err == nil:
				made.Add(1)
			case core.CodeOf(err) == core.Conflict:
				refused.Add(1)
			default:
				d.t.Errorf("Commit: %v", err)
			}
		})
	}
	group.Wait()
	if found := d.find(d.thing, core.Query{First: 30}); made.Load() != 1 || refused.Load() != 19 || len(found) != 1 {
		d.t.Errorf("%d were made and %d refused, and there are %d things; want 1, 19 and 1", made.Load(), refused.Load(), len(found))
	}
}

func onceExpired(d *desk) {
	c := d.keyed(d.creation(d.thing, values{}), "k1")
	c.Once.Keep = -time.Minute
	d.commit(d.thing, c)
	d.keeps("k1", false)
	d.commit(d.thing, d.keyed(d.creation(d.thing, values{}), "k1"))
	d.keeps("k1", true)
}

func onceNothing(d *desk) {
	b := d.batch()
	b.Once = core.Once{Key: "k1", Result: []byte("k1"), Keep: time.Hour}
	d.same("the errors", d.CommitAll(d.ctx, b), []error{nil})
	d.keeps("k1", true)
	again := d.batch()
	again.Once = b.Once
	errs := d.CommitAll(d.ctx, again)
	if len(errs) != 1 {
		d.t.Fatalf("CommitAll of nothing has the errors %v; want one", errs)
	}
	d.refused(errs[0], "key", "key")
}
