package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core"
)

// Registry says which plugins are in force for all instances of a database, and
// which instances there are.
type Registry interface {
	// Registrations lists what is known of plugins, by name, but for those that are
	// at the generation known of them.
	Registrations(ctx context.Context, known map[string]int64) ([]core.Registration, error)

	// Register stores a registration in the place of the one of the generation
	// before, and says whether that one was there: of many who change the same one
	// does.
	Register(ctx context.Context, r core.Registration) (stored bool, err error)

	// Attend notes that an instance runs, for ttl from now. All instances agree on
	// when that is over, whatever their clocks say.
	Attend(ctx context.Context, p core.Presence, ttl time.Duration) error

	// Present lists the instances that run, by their ids.
	Present(ctx context.Context) ([]core.Presence, error)

	// Leave notes that an instance does not run any more.
	Leave(ctx context.Context, instance string) error

	// Remaining counts the records that are stored under the name of an entity,
	// deleted ones too, whether or not a model has it.
	Remaining(ctx context.Context, entity string) (int64, error)

	// Definitions returns those that were kept last, by whichever instance; empty
	// before the first time.
	Definitions(ctx context.Context) (core.Definitions, error)

	// KeepDefinitions puts what next makes of those that are kept in their place. It
	// asks again where another instance has kept some meanwhile.
	KeepDefinitions(ctx context.Context, next func(core.Definitions) core.Definitions) error
}

func registryTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a registration comes back as it was":          registrationsKept,
		"only what has changed is read again":          registrationsChanged,
		"of many who change a registration one does":   registrationsRace,
		"what no model has is counted":                 remainsCounted,
		"what no model has is found by its values":     remainsFound,
		"definitions come back as they were":           definitionsKept,
		"of many who keep definitions none is lost":    definitionsRace,
		"an instance is present until it leaves":       instancesLeave,
		"an instance that is not heard of is not here": instancesExpire,
	}
}

func (d *desk) register(r core.Registration) bool {
	d.t.Helper()
	stored, err := d.Register(d.ctx, r)
	if err != nil {
		d.t.Fatalf("Register(%s, %d): %v", r.Plugin, r.Generation, err)
	}
	return stored
}

func (d *desk) registrations(known map[string]int64) []core.Registration {
	d.t.Helper()
	list, err := d.Registrations(d.ctx, known)
	if err != nil {
		d.t.Fatalf("Registrations(%v): %v", known, err)
	}
	return list
}

func (d *desk) present() (ids []string) {
	d.t.Helper()
	list, err := d.Present(d.ctx)
	if err != nil {
		d.t.Fatalf("Present: %v", err)
	}
	for _, p := range list {
		ids = append(ids, p.Instance)
	}
	return ids
}

func (d *desk) edition(version string) core.Edition {
	return core.Edition{Version: version, Digest: "h1:" + version, Granted: []string{"rules order", "connect 443"}, Description: []byte("\x0a\x00\xff$now"), Since: d.now()}
}

func registrationsKept(d *desk) {
	next := d.edition("2.0.0")
	want := core.Registration{
		Plugin: "fax", Generation: 1, Force: d.edition("1.0.0"), Next: &next, Announcer: "$a", Former: []string{"h1:0.9.0"},
		Ended: core.EndedDisabled, EndedAt: d.now(),
	}
	if !d.register(want) {
		d.t.Fatal("the first registration is not stored")
	}
	d.same("registrations", d.registrations(nil), []core.Registration{want})
	bare := core.Registration{Plugin: "fax", Generation: 2}
	if !d.register(bare) {
		d.t.Fatal("the second registration is not stored")
	}
	d.same("registrations", d.registrations(nil), []core.Registration{bare})
	seen, err := d.another().Registrations(d.ctx, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.same("what another instance reads", seen, []core.Registration{bare})
}

func registrationsChanged(d *desk) {
	for _, name := range []string{"b", "a", "c"} {
		d.register(core.Registration{Plugin: name, Generation: 1, Force: d.edition("1.0.0")})
	}
	d.register(core.Registration{Plugin: "b", Generation: 2, Force: d.edition("2.0.0")})
	for _, tt := range []struct {
		known map[string]int64
		want  []string
	}{
		{nil, []string{"a 1", "b 2", "c 1"}},
		{map[string]int64{"a": 1, "b": 1}, []string{"b 2", "c 1"}},
		{map[string]int64{"a": 1, "b": 2, "c": 1, "gone": 7}, nil},
	} {
		var got []string
		for _, r := range d.registrations(tt.known) {
			got = append(got, fmt.Sprint(r.Plugin, " ", r.Generation))
		}
		d.same(fmt.Sprintf("registrations beside %v", tt.known), got, tt.want)
	}
}

func registrationsRace(d *desk) {
	for generation := int64(1); generation <= 3; generation++ {
		var winners atomic.Int32
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				stored, err := d.Register(d.ctx, core.Registration{Plugin: "fax", Generation: generation, Announcer: fmt.Sprint("instance ", i)})
				if err != nil {
					d.t.Errorf("Register: %v", err)
				}
				if stored {
					winners.Add(1)
				}
			})
		}
		group.Wait()
		if n := winners.Load(); n != 1 {
			d.t.Errorf("%d have stored generation %d; want one", n, generation)
		}
	}
	if d.register(core.Registration{Plugin: "fax", Generation: 5}) || d.register(core.Registration{Plugin: "other", Generation: 2}) {
		d.t.Error("a registration is stored although the one before is not there")
	}
}

func instancesLeave(d *desk) {
	want := core.Presence{Instance: "$b", Held: map[string]int64{"fax": 3}, Wants: map[string]string{"fax": "h1:x"}}
	for _, p := range []core.Presence{{Instance: "c"}, want, {Instance: "a"}} {
		if err := d.Attend(d.ctx, p, time.Hour); err != nil {
			d.t.Fatal(err)
		}
	}
	list, err := d.Present(d.ctx)
	if err != nil || !slices.ContainsFunc(list, func(p core.Presence) bool { return p.Instance == want.Instance }) {
		d.t.Fatalf("Present = %v, %v", list, err)
	}
	d.same("an instance", list[0], want)
	if err := d.Leave(d.ctx, "a"); err != nil {
		d.t.Fatal(err)
	}
	d.same("who is present", d.present(), []string{"$b", "c"})
}

func instancesExpire(d *desk) {
	const ttl = 50 * time.Millisecond
	began := time.Now()
	if err := d.Attend(d.ctx, core.Presence{Instance: "a"}, time.Hour); err != nil {
		d.t.Fatal(err)
	}
	if err := d.Attend(d.ctx, core.Presence{Instance: "a"}, ttl); err != nil {
		d.t.Fatal(err)
	}
	for len(d.present()) > 0 {
		if time.Since(began) > time.Minute {
			d.t.Fatal("an instance is present that was last heard of a minute ago")
		}
	}
	// A millisecond, because that is how exact both clocks are.
	if took := time.Since(began); took < ttl-time.Millisecond {
		d.t.Errorf("the instance was gone after %s; it was to be present for %s", took, ttl)
	}
}

func remainsCounted(d *desk) {
	r := d.create(d.thing, values{"name": "Ada"})
	d.create(d.thing, values{"name": "Eva"})
	d.do(d.thing, core.Deleted, r, values{"name": "Ada"})
	d.prepare("entity: other\nfields: {name: {type: text}}")
	for name, want := range map[string]int64{"thing": 2, "other": 0, "nothing": 0} {
		if n, err := d.Remaining(d.ctx, name); n != want || err != nil {
			d.t.Errorf("Remaining(%s) = %d, %v; want %d", name, n, err, want)
		}
	}
}
