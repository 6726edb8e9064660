package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core"
)

// State is what plugins keep with the core.
type State interface {
	// State returns a value that a plugin has put, and its version; 0 when
	// there is none, or none any more.
	State(ctx context.Context, plugin, key string) (value []byte, version int64, err error)

	// PutState stores a value and returns its version, which is greater than
	// all before it, also than those of a value that was deleted. ifVersion is
	// the version that it must replace: 0 for none, core.AnyVersion for
	// whatever there is; otherwise it is a Conflict. A value that expires is
	// gone from then on; the zero time is never.
	PutState(ctx context.Context, plugin, key string, value []byte, ifVersion int64, expires time.Time) (version int64, err error)

	// DeleteState deletes a value. ifVersion is as for PutState; with
	// core.AnyVersion there need be none.
	DeleteState(ctx context.Context, plugin, key string, ifVersion int64) error

	// StateSize returns how many bytes the keys and values of a plugin have.
	StateSize(ctx context.Context, plugin string) (int64, error)
}

func stateTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a value comes back as it was put":             stateWhole,
		"a value is replaced by the version it has":    stateReplaced,
		"a value is deleted by the version it has":     stateDeleted,
		"a deleted value's versions do not come again": stateVersions,
		"an expired value is not there":                stateExpires,
		"of many who replace a version one succeeds":   stateRace,
		"the size counts what a plugin keeps":          stateSize,
		"a value that no store can take is refused":    stateRefused,
	}
}

const stateChanged = `Somebody else changed the value of the key "a" in the meantime. Read it and try again.`

func (d *desk) put(plugin, key, value string, ifVersion int64) int64 {
	d.t.Helper()
	version, err := d.PutState(d.ctx, plugin, key, []byte(value), ifVersion, time.Time{})
	if err != nil {
		d.t.Fatalf("PutState(%s, %s, if version %d): %v", plugin, key, ifVersion, err)
	}
	return version
}

func (d *desk) stored(plugin, key, value string, version int64) {
	d.t.Helper()
	got, gotVersion, err := d.State(d.ctx, plugin, key)
	if err != nil || string(got) != value || gotVersion != version {
		d.t.Errorf("State(%s, %s) = %q, version %d, %v; want %q, version %d", plugin, key, got, gotVersion, err, value, version)
	}
}

// rejected wants an error with this code and message.
func (d *desk) rejected(err error, code core.Code, message string) {
	d.t.Helper()
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != code || ours.Message != message {
		d.t.Errorf("error is %v; want %s: %s", err, code, message)
	}
}

func stateWhole(d *desk) {
	d.stored("loyalty", "a", "", 0)
	for _, value := range []string{"", "$value", "\x00\xff", strings.Repeat("v", core.MaxStateValue)} {
		version := d.put("loyalty", "$a/ü.1", value, core.AnyVersion)
		if version < 1 {
			d.t.Errorf("the version is %d; want it above 0", version)
		}
		d.stored("loyalty", "$a/ü.1", value, version)
	}
	d.stored("cti", "$a/ü.1", "", 0)
}

func stateReplaced(d *desk) {
	put := func(value string, ifVersion int64) error {
		_, err := d.PutState(d.ctx, "loyalty", "a", []byte(value), ifVersion, time.Time{})
		return err
	}
	d.rejected(put("0", 1), core.Conflict, stateChanged)
	first := d.put("loyalty", "a", "1", 0)
	d.rejected(put("0", 0), core.Conflict, stateChanged)
	second := d.put("loyalty", "a", "2", first)
	d.rejected(put("0", first), core.Conflict, stateChanged)
	d.stored("loyalty", "a", "2", second)
	third := d.put("loyalty", "a", "3", core.AnyVersion)
	d.stored("loyalty", "a", "3", third)
	if first >= second || second >= third {
		d.t.Errorf("the versions are %d, %d, %d; want them to grow", first, second, third)
	}
}

func stateDeleted(d *desk) {
	remove := func(ifVersion int64) error { return d.DeleteState(d.ctx, "loyalty", "a", ifVersion) }
	if err := errors.Join(remove(core.AnyVersion), remove(0)); err != nil {
		d.t.Errorf("deleting nothing: %v", err)
	}
	version := d.put("loyalty", "a", "1", 0)
	d.rejected(remove(version+1), core.Conflict, stateChanged)
	d.rejected(remove(0), core.Conflict, stateChanged)
	d.stored("loyalty", "a", "1", version)
	if err := remove(version); err != nil {
		d.t.Errorf("DeleteState: %v", err)
	}
	d.stored("loyalty", "a", "", 0)
	d.rejected(remove(version), core.Conflict, stateChanged)
	d.put("loyalty", "a", "1", 0)
	if err := remove(core.AnyVersion); err != nil {
		d.t.Errorf("DeleteState: %v", err)
	}
	d.stored("loyalty", "a", "", 0)
}

func stateVersions(d *desk) {
	first := d.put("loyalty", "a", "1", 0)
	if err := d.DeleteState(d.ctx, "loyalty", "a", first); err != nil {
		d.t.Fatal(err)
	}
	if second := d.put("loyalty", "a", "2", 0); second <= first {
		d.t.Errorf("the new value has version %d, the deleted one had %d; want it greater", second, first)
	}
}

func stateExpires(d *desk) {
	expire := func(key string, in time.Duration) int64 {
		version, err := d.PutState(d.ctx, "loyalty", key, []byte("old"), core.AnyVersion, time.Now().Add(in))
		if err != nil {
			d.t.Fatal(err)
		}
		return version
	}
	d.stored("loyalty", "b", "old", expire("b", time.Hour))
	version := expire("a", -time.Millisecond)
	d.stored("loyalty", "a", "", 0)
	_, err := d.PutState(d.ctx, "loyalty", "a", nil, version, time.Time{})
	d.rejected(err, core.Conflict, stateChanged)
	if size, err := d.StateSize(d.ctx, "loyalty"); err != nil || size != 4 {
		d.t.Errorf("StateSize = %d, %v; want 4, without what has expired", size, err)
	}
	expire("a", -time.Millisecond)
	again := d.put("loyalty", "a", "new", 0)
	d.stored("loyalty", "a", "new", again)
	if again <= version {
		d.t.Errorf("the new value has version %d, the expired one had %d; want it greater", again, version)
	}
}

func stateRace(d *desk) {
	for _, ifVersion := range []int64{0, d.put("loyalty", "b", "1", 0)} {
		key := "a"
		if ifVersion > 0 {
			key = "b"
		}
		var winners atomic.Int32
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				_, err := d.PutState(d.ctx, "loyalty", key, []byte("2"), ifVersion, time.Time{})
				switch core.CodeOf(err) {
				case "":
					winners.Add(1)
				case core.Conflict:
				default:
					d.t.Errorf("PutState: %v", err)
				}
			})
		}
		group.Wait()
		if n := winners.Load(); n != 1 {
			d.t.Errorf("%d replaced version %d; want one", n, ifVersion)
		}
	}
}

func stateSize(d *desk) {
	d.put("loyalty", "a", "12345", 0)
	d.put("loyalty", "ü", "1", core.AnyVersion)
	d.put("loyalty", "ü", "123", core.AnyVersion)
	d.put("loyalt", "b", "1", 0)
	d.put("loyalty2", "b", "1", 0)
	for plugin, want := range map[string]int64{"loyalty": 11, "loyalty2": 2, "cti": 0} {
		if size, err := d.StateSize(d.ctx, plugin); err != nil || size != want {
			d.t.Errorf("StateSize(%s) = %d, %v; want %d", plugin, size, err, want)
		}
	}
}

func stateRefused(d *desk) {
	for message, tt := range map[string]struct {
		key  string
		size int
	}{
		"The key is empty; name what is kept.":                                                 {"", 0},
		"The key has 201 bytes; shorten it to 200.":                                            {strings.Repeat("k", 201), 0},
		`The value of the key "a" has 1048577 bytes; split it into values of at most 1048576.`: {"a", core.MaxStateValue + 1},
	} {
		_, err := d.PutState(d.ctx, "loyalty", tt.key, bytes.Repeat([]byte("v"), tt.size), core.AnyVersion, time.Time{})
		d.rejected(err, core.Invalid, message)
	}
}
