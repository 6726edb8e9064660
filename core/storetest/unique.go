package storetest

import (
	"sync"
	"sync/atomic"

	"github.com/openxrm/xrm/core"
)

func uniqueTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a value is refused while another live record has it": uniqueRefuses,
		"any number of records has no value":                  uniqueMissing,
		"a deleted record gives its value free":               uniqueFreed,
		"a deleted record changes and stays without it":       uniqueDeleted,
		"a restored record must find its value free":          uniqueRestore,
		"a record keeps its own value":                        uniqueOwn,
		"a value inside a role is unique too":                 uniqueInRole,
		"of concurrent records with a value one gets in":      uniqueOneWinner,
	}
}

func uniqueRefuses(d *desk) {
	d.create(d.thing, values{"code": "A1", "serial": int64(7)})
	other := d.create(d.thing, values{"code": "B2"})
	d.refused(d.try(d.thing, d.creation(d.thing, values{"code": "A1"}))[0], "unique", "code")
	d.refused(d.try(d.thing, d.creation(d.thing, values{"serial": int64(7)}))[0], "unique", "serial")
	d.refused(d.try(d.thing, d.next(core.Updated, other, values{"code": "A1"}))[0], "unique", "code")
	d.same("the record whose update was refused", d.get(d.thing, other.ID), other)
	d.create(d.thing, values{"code": "a1"}) // texts differ by case
}

func uniqueMissing(d *desk) {
	d.create(d.thing, values{"name": "Ada"})
	with := d.create(d.thing, values{"name": "Eva", "code": "A1"})
	d.create(d.thing, values{"name": "Ida"})
	d.do(d.thing, core.Updated, with, values{"name": "Eva"})
	d.create(d.thing, values{"code": "A1"})
}

func uniqueFreed(d *desk) {
	first := d.create(d.thing, values{"code": "A1"})
	d.do(d.thing, core.Deleted, first, first.Values)
	second := d.create(d.thing, values{"code": "A1"})
	d.do(d.thing, core.Deleted, second, second.Values)
	d.create(d.thing, values{"code": "A1"})
}

func uniqueDeleted(d *desk) {
	first := d.create(d.thing, values{"code": "A1", "owner": "p1"})
	gone := d.do(d.thing, core.Deleted, first, first.Values)
	d.create(d.thing, values{"code": "A1"})
	turned := d.do(d.thing, core.Updated, gone, values{"code": "A1", "owner": "p2"})
	q := core.Query{First: 5, Per: &core.Per{Path: "owner", Keys: []string{"p2"}}}
	d.same("living records of p2", ids(d.find(d.thing, q)), []string{})
	q.Deleted = true
	d.same("all records of p2", ids(d.find(d.thing, q)), []string{turned.ID})
}

func uniqueRestore(d *desk) {
	first := d.create(d.thing, values{"code": "A1"})
	gone := d.do(d.thing, core.Deleted, first, first.Values)
	second := d.create(d.thing, values{"code": "A1"})
	d.refused(d.try(d.thing, d.next(core.Restored, gone, gone.Values))[0], "unique", "code")
	d.same("the record that lost", d.get(d.thing, first.ID), gone)
	d.do(d.thing, core.Deleted, second, second.Values)
	d.do(d.thing, core.Restored, gone, gone.Values)
}

func uniqueOwn(d *desk) {
	first := d.create(d.thing, values{"code": "A1"})
	second := d.do(d.thing, core.Updated, first, values{"code": "A1", "size": int64(1)})
	d.do(d.thing, core.Updated, second, values{"code": "A2"})
	d.create(d.thing, values{"code": "A1"})
}

func uniqueInRole(d *desk) {
	d.create(d.person, values{"name": "Ada", "roles": []any{"member"}, "member": values{"number": "M-1"}})
	d.create(d.person, values{"name": "Eva"})
	d.create(d.person, values{"name": "Ida", "roles": []any{"member"}, "member": values{"dues": values{"amount": "1", "currency": "EUR"}}})
	twin := d.creation(d.person, values{"name": "Uta", "member": values{"number": "M-1"}})
	d.refused(d.try(d.person, twin)[0], "unique", "member.number")
}

func uniqueOneWinner(d *desk) {
	var changes []core.Change
	for range 8 {
		changes = append(changes, d.creation(d.thing, values{"code": "A1"}))
	}
	var won atomic.Int32
	var group sync.WaitGroup
	for _, c := range changes {
		group.Go(func() {
			switch err := d.Commit(d.ctx, d.thing, []core.Change{c})[0]; core.CodeOf(err) {
			case "":
				won.Add(1)
			case core.Conflict:
			default:
				d.t.Errorf("the loser's error is %v; want a Conflict", err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		d.t.Errorf("%d records got in with the same value; want 1", won.Load())
	}
}
