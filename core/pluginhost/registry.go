package pluginhost

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

// Registry keeps which plugins are in force, for all instances of a database, and
// which instances there are. A folder may be lost or of another version: what is
// written here counts.
type Registry interface {
	Registrations(ctx context.Context, known map[string]int64) ([]core.Registration, error)
	Register(ctx context.Context, r core.Registration) (stored bool, err error)
	Attend(ctx context.Context, p core.Presence, ttl time.Duration) error
	Present(ctx context.Context) ([]core.Presence, error)
	Leave(ctx context.Context, instance string) error
}

// register is what this instance knows of the registry, and what it says there of
// itself.
type register struct {
	store    Registry
	instance string

	mu      sync.Mutex
	known   map[string]core.Registration
	held    map[string]int64 // the generations that this instance goes by
	wants   map[string]string
	until   time.Time     // this instance counts as one that runs, by its own clock
	tenure  int64         // how often it has begun to count
	changed chan struct{} // closed when known is another
	data    map[string]data
}

func newRegister(store Registry) *register {
	return &register{
		store: store, instance: rand.Text(), known: map[string]core.Registration{}, held: map[string]int64{},
		wants: map[string]string{}, changed: make(chan struct{}), data: map[string]data{},
	}
}

// find returns the registration of a plugin as it was last read; one of generation
// 0 when there is none.
func (r *register) find(plugin string) core.Registration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if found, known := r.known[plugin]; known {
		return found
	}
	return core.Registration{Plugin: plugin}
}

// names lists the plugins that something is known of.
func (r *register) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.known))
}

// read takes up what others have changed.
func (r *register) read(ctx context.Context) error {
	r.mu.Lock()
	generations := map[string]int64{}
	for name, one := range r.known {
		generations[name] = one.Generation
	}
	r.mu.Unlock()
	list, err := r.store.Registrations(ctx, generations)
	if err == nil {
		r.learn(list...)
	}
	return err
}

func (r *register) learn(list ...core.Registration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range list {
		if one.Generation > r.known[one.Plugin].Generation {
			r.known[one.Plugin] = one
			close(r.changed)
			r.changed = make(chan struct{})
		}
	}
}

// behind lists the registrations that this instance does not go by yet.
func (r *register) behind() (list []core.Registration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(r.known)) {
		if r.held[name] != r.known[name].Generation {
			list = append(list, r.known[name])
		}
	}
	return list
}

// hold notes that this instance goes by a registration, and from now on who may read
// and write the plugin's records by it.
func (r *register) hold(one core.Registration) {
	now := dataOf(one)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held[one.Plugin], r.data[one.Plugin] = one.Generation, now
}

// judge notes who may read and write the plugin's records by a registration that is
// taken up in all else later.
func (r *register) judge(one core.Registration) {
	now := dataOf(one)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.data[one.Plugin] = now
}

// presence is what this instance says of itself.
func (r *register) presence() core.Presence {
	r.mu.Lock()
	defer r.mu.Unlock()
	return core.Presence{Instance: r.instance, Held: maps.Clone(r.held), Wants: maps.Clone(r.wants)}
}

// renewed notes until when others wait for this instance. A tenure that is over does
// not begin again with it: what others changed meanwhile has to be read first.
func (r *register) renewed(until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts() {
		r.until = until
	}
}

// away says whether others may have gone on without this instance.
func (r *register) away() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.counts()
}

// rejoined begins a tenure: this instance goes by all that was changed before it had
// the lease that ends then.
func (r *register) rejoined(until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until = until
	r.tenure++
}

// counts says whether the others wait for this instance. A machine that slept has a
// clock that did not, so both clocks have to say so.
func (r *register) counts() bool {
	now := time.Now()
	return now.Before(r.until) && now.Round(0).Before(r.until.Round(0))
}

// want notes with which content this instance would serve a plugin; "" for none.
func (r *register) want(plugin, digest string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wants[plugin] = digest; digest == "" {
		delete(r.wants, plugin)
	}
}

// moving says whether an instance is about to put something in force.
func (r *register) moving() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.known {
		if one.Next != nil {
			return true
		}
	}
	return false
}

// change stores what change makes of the registration of a plugin, unless it says
// that there is nothing to do. When others change it as well, it is asked again.
func (r *register) change(ctx context.Context, plugin string, change func(*core.Registration) bool) error {
	for {
		before := r.find(plugin)
		next := before
		if !change(&next) {
			return nil
		}
		next.Generation++
		stored, err := r.store.Register(ctx, next)
		if err != nil {
			return err
		}
		if stored {
			r.learn(next)
			return nil
		}
		if err := r.read(ctx); err != nil {
			return err
		}
	}
}
