package storetest

import (
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func joinedTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a change that refers to what does not live is refused":        joinedRefers,
		"what others refer to stays, by whatever way they refer to it": joinedReferred,
	}
}

// joinedRefers asks a store that joins records for what it promises, and any other for
// leaving it alone.
func joinedRefers(d *desk) {
	d.populate(values{"name": "Ada"}, values{"name": "Bob"}, values{"name": "Cyd"}) // p3 is deleted
	for id, lives := range map[string]bool{"p1": true, "p3": false, "p9": false} {
		c := d.creation(d.thing, values{"owner": id})
		c.Refers = []core.Target{{Entity: d.person, ID: id, Path: "owner"}}
		d.joined(c, lives, "reference", "owner")
	}
}

func joinedReferred(d *desk) {
	d.populate(values{"name": "Ada"}, values{"name": "Bob"}, values{"name": "Cyd"}, values{"name": "Dan"})
	ways := map[string]values{
		"owner":        {"owner": "p1"},
		"helpers":      {"helpers": list("p2", "p1")},
		"lines.person": {"lines": list(values{"person": "p2"}, values{"person": "p1"})},
	}
	var all []schema.Reference
	for _, r := range d.model.ReferencesTo(d.person) {
		if r.From == d.thing {
			all = append(all, r)
		}
	}
	for path, v := range ways {
		thing := d.create(d.thing, v)
		for _, r := range all {
			c := d.next(core.Updated, d.get(d.person, "p1"), values{"name": path})
			c.Unreferred = []schema.Reference{r}
			d.joined(c, r.Path != path, "referred", "id")
		}
		d.do(d.thing, core.Deleted, thing, v)
		last := d.next(core.Updated, d.get(d.person, "p1"), values{"name": path})
		last.Unreferred = all
		d.joined(last, true, "", "")
	}
}

// joined commits a change that is to be made, or not by a store that joins records.
func (d *desk) joined(c core.Change, made bool, rule, path string) {
	d.t.Helper()
	e := d.thing
	if c.After.Entity == d.person.Name {
		e = d.person
	}
	switch errs := d.try(e, c); {
	case !made && d.Joined():
		d.refused(errs[0], rule, path)
	case errs[0] != nil:
		d.t.Errorf("the change of %s %s: %v", e.Name, c.After.ID, errs[0])
	}
}
