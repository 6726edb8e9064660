package storetest

import (
	"time"

	"github.com/openxrm/xrm/core"
)

func keyTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a key is found by its hash":    keysByHash,
		"a key is replaced by its id":   keysReplaced,
		"keys are listed by their ids":  keysListed,
		"a key without roles and party": keysBare,
		"a key that is removed is gone": keysRemoved,
		"a key has times":               keysTimed,
		"the latest use of a key stays": keysUsed,
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

func keysTimed(d *desk) {
	want := d.key("k1", "aa")
	want.ExpiresAt, want.LastUsedAt = d.now().Add(time.Hour), d.now().Add(-time.Hour)
	d.saveKey(want)
	d.same("key", d.keyByHash("aa"), &want)
	want.ExpiresAt = time.Time{}
	d.saveKey(want)
	d.same("key that expires no more", d.keyByHash("aa"), &want)
}

func keysUsed(d *desk) {
	want := d.key("k1", "aa")
	d.saveKey(want)
	other := d.key("k2", "bb")
	d.saveKey(other)
	at := d.now()
	for _, minutes := range []time.Duration{1, 3, 2} { // as several instances write
		if err := d.KeyUsed(d.ctx, "k1", at.Add(minutes*time.Minute)); err != nil {
			d.t.Fatal(err)
		}
	}
	want.LastUsedAt = at.Add(3 * time.Minute)
	d.same("used key", d.keyByHash("aa"), &want)
	d.same("other key", d.keyByHash("bb"), &other)
	if err := d.KeyUsed(d.ctx, "gone", d.now()); err != nil {
		d.t.Errorf("the use of a key that is gone: %v", err)
	}
	if keys, err := d.Keys(d.ctx); err != nil || len(keys) != 2 {
		d.t.Errorf("keys: %v, %v; want two", keys, err)
	}
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
