package storetest

import "github.com/openxrm/xrm/core"

func keyTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a key is found by its hash":    keysByHash,
		"a key is replaced by its id":   keysReplaced,
		"keys are listed by their ids":  keysListed,
		"a key without roles and party": keysBare,
		"a key that is removed is gone": keysRemoved,
	}
}

func (d *desk) saveKey(k core.Key) {
	d.t.Helper()
	if err := d.SaveKey(d.ctx, k); err != nil {
		d.t.Fatalf("SaveKey(%s): %v", k.ID, err)
	}
}

func (d *desk) keyByHash(hash string) *core.Key {
	d.t.Helper()
	k, err := d.KeyByHash(d.ctx, hash)
	if err != nil {
		d.t.Fatalf("KeyByHash(%s): %v", hash, err)
	}
	return k
}

func (d *desk) key(id, hash string) core.Key {
	return core.Key{ID: id, Hash: hash, Name: "Büro", Roles: []string{"sales", "admin"}, Party: "p1", CreatedAt: d.now(), CreatedBy: "u1"}
}

func keysByHash(d *desk) {
	want := d.key("k1", "aa")
	d.saveKey(want)
	d.saveKey(d.key("k2", "bb"))
	d.same("key", d.keyByHash("aa"), &want)
	if k := d.keyByHash("cc"); k != nil {
		d.t.Errorf("an unknown hash found %+v; want nil", k)
	}
}

func keysReplaced(d *desk) {
	d.saveKey(d.key("k1", "aa"))
	want := d.key("k1", "bb")
	want.Roles = []string{"none"}
	d.saveKey(want)
	if k := d.keyByHash("aa"); k != nil {
		d.t.Errorf("the old hash still finds %+v", k)
	}
	d.same("key", d.keyByHash("bb"), &want)
}

func keysListed(d *desk) {
	b, a := d.key("b", "1"), d.key("a", "2")
	d.saveKey(b)
	d.saveKey(a)
	keys, err := d.Keys(d.ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	d.same("keys", keys, []core.Key{a, b})
}

func keysBare(d *desk) {
	want := core.Key{ID: "k1", Hash: "aa", CreatedAt: d.now()}
	d.saveKey(want)
	d.same("key", d.keyByHash("aa"), &want)
}

func keysRemoved(d *desk) {
	d.saveKey(d.key("k1", "aa"))
	d.saveKey(d.key("k2", "bb"))
	for _, want := range []bool{true, false} {
		removed, err := d.RemoveKey(d.ctx, "k1")
		if err != nil || removed != want {
			d.t.Errorf("RemoveKey = %v, %v; want %v", removed, err, want)
		}
	}
	if k := d.keyByHash("aa"); k != nil {
		d.t.Errorf("the removed key is still found: %+v", k)
	}
	if k := d.keyByHash("bb"); k == nil {
		d.t.Error("the other key is gone, too")
	}
}
