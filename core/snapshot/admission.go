package snapshot

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/texts"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/wording"
)

// Config says how snapshots are made.
type Config struct {
	Catalog *catalog.Catalog // of what is in files
	Roles   *access.Roles

	Texts wording.Catalog // of the core

	// Hooks returns what is asked before each commit while these contributions
	// hold. nil asks nobody.
	Hooks func([]Contribution) []record.Hook

	// Build makes the API of a snapshot that has all but that. Names says, by
	// itself and cheaply, which definitions Build has no names for.
	Build func(*Snapshot) (*execution.Engine, error)
	Names func(*schema.Model) error

	// Prepare makes the database ready for a model that takes over from what was
	// before, nil for the first one. It is called last, once all the rest is made.
	Prepare func(before *schema.Past, now *schema.Model) error

	// Kept keeps what was served last. Without it New prepares the database, and
	// Begin is not called.
	Kept Kept

	Log *slog.Logger
}

// Admission holds the snapshot of the moment and lets in what changes it, one
// thing after the other. Safe for concurrent use.
type Admission struct {
	config  Config
	current atomic.Pointer[Snapshot]
	made    atomic.Int64             // snapshots
	oldest  atomic.Int64             // edition by which something may be saved
	refusal atomic.Pointer[[]string] // why the files of the site are not in force; nil if they are
	mu      sync.Mutex               // one change at a time
	gone    []schema.Gone            // what was served and is not in the model of the moment; mu
}

// New makes the snapshot of what is in files. Its error is about them, or about
// the database. Where definitions are kept, Begin is next.
func New(c Config) (*Admission, error) {
	a := &Admission{config: c}
	first, err := a.complete(&Snapshot{catalog: c.Catalog})
	if err == nil && c.Kept == nil {
		err = c.Prepare(nil, first.Model)
	}
	if err != nil {
		return nil, err
	}
	a.current.Store(first)
	return a, nil
}

// Current returns the snapshot of the moment. A request asks once, and keeps it.
func (a *Admission) Current() *Snapshot { return a.current.Load() }

// Expire lets nothing be saved any more that began with a snapshot from before that
// of the moment.
func (a *Admission) Expire() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.oldest.Store(a.Current().Edition)
}

// Oldest is the edition of the oldest snapshot by which something may be saved.
func (a *Admission) Oldest() int64 { return a.oldest.Load() }

// Limit returns a basis for what plugins do in the course of something that
// started with another: the model of that, and the rights and rules that hold now.
// A call may last for seconds, a job for a day, and a subscription for longer: a
// right that is taken back is gone from it at once, and nothing that it saves
// passes a rule that has come meanwhile.
func (a *Admission) Limit(on record.Basis) record.Basis {
	now := a.Current()
	on.Policy, on.Hooks, on.Edition = now.Policy, now.Hooks, now.Edition
	return on
}

// Offer is what is to become part of the next snapshot: a contribution, in the
// place of what its plugin contributed before.
type Offer struct {
	Contribution

	// Check is what whoever offers has against it himself, in the model that it
	// would be part of; nil for nothing.
	Check func(*schema.Model) error

	// Ready is called when nothing can keep the contribution out any more, and
	// before anybody is served with it; nil is not. It must not block.
	Ready func()
}

// Admit makes what is offered part of the model, the rights, the rules and the
// API, all at the same moment, or refuses all of it with every reason, and
// leaves everything as it is. Whatever runs goes on with the snapshot that it
// started with. An Unavailable error says that it cannot be known at the moment
// whether the offer fits; a schema.ErrNoEntity that another one may help.
func (a *Admission) Admit(o Offer) error { return a.change(o) }

// change admits offers as one, or none of them.
func (a *Admission) change(offers ...Offer) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.current.Load()
	next, err := a.next(before, offers)
	if err == nil && next.Model != before.Model {
		err = a.config.Prepare(unread(a.past(before.Model), next.Model, offers), next.Model)
		if err != nil && core.CodeOf(err) != core.Unavailable {
			err = catalog.Unfit(versions(offers), err)
		}
	}
	if err != nil {
		return err
	}
	if next.Model != before.Model { // before anything is stored by it
		if err := a.keep(before.Model, next.catalog); err != nil && slices.ContainsFunc(offers, migrated) {
			return err // or the next start would hold the new form against the old definitions
		}
	}
	for _, o := range offers {
		if o.Ready != nil {
			o.Ready()
		}
	}
	a.current.Store(next)
	for _, f := range next.faults {
		a.config.Log.Warn("a role has a rule that does not fit the entity; it grants nothing", "rule", f.Error())
	}
	return nil
}

// Preview returns by what records would be read and written if an offer were admitted,
// without anybody who is asked before a commit, or why it would not be.
func (a *Admission) Preview(o Offer) (record.Basis, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	next, err := a.next(a.current.Load(), []Offer{o})
	if err != nil {
		return record.Basis{}, err
	}
	on := next.Basis
	on.Hooks = nil
	return on, nil
}

func migrated(o Offer) bool { return o.Migrated }

// unread is the past without the entities of plugins whose records are migrated.
func unread(past *schema.Past, now *schema.Model, offers []Offer) *schema.Past {
	for _, o := range offers {
		if o.Migrated && past != nil {
			past = past.Without(now, o.Layer())
		}
	}
	return past
}

// plugins names those of some offers.
func plugins(offers []Offer) string {
	var names []string
	for _, o := range offers {
		names = append(names, o.Plugin)
	}
	return strings.Join(names, ", ")
}

// versions names the plugins of some offers with what version they are of: the one in
// force and the one that is to take over may bring the same file.
func versions(offers []Offer) string {
	var names []string
	for _, o := range offers {
		names = append(names, strings.TrimSpace(o.Plugin+" "+o.Version))
	}
	return strings.Join(names, ", ")
}

// next makes the snapshot with offers.
func (a *Admission) next(before *Snapshot, offers []Offer) (next *Snapshot, err error) {
	defer a.survive(plugins(offers), &err)
	all, changed := before.Contributions, map[string][]schema.Source{}
	for _, o := range offers {
		all, changed[o.Plugin] = with(all, o.Contribution), o.Entities
	}
	for _, o := range offers {
		if err := clashes(o.Contribution, all); err != nil {
			return nil, err
		}
	}
	definitions, err := before.catalog.With(changed)
	if err != nil {
		return nil, catalog.Unfit(versions(offers), err)
	}
	m := definitions.Model()
	for _, o := range offers {
		err = errors.Join(err, o.judge(m, all))
	}
	if err == nil {
		next, err = a.complete(&Snapshot{catalog: definitions, Contributions: all})
	}
	if err == nil {
		return next, nil
	}
	if nameless := a.config.Names(m); nameless != nil { // the root of what else is wrong
		err = catalog.Unfit(versions(offers), nameless)
	}
	return nil, err
}

// judge says what speaks against an offer in a model that it is part of, with all
// that holds then.
func (o Offer) judge(m *schema.Model, all []Contribution) error {
	if err := fits(m, o.Contribution, all); err != nil {
		return err
	}
	var err error
	if o.Check != nil {
		err = o.Check(m)
	}
	return errors.Join(err, parties(m, o.Contribution))
}

// survive turns a panic into an error: a mistake of ours with what a plugin
// contributes is no end of the server.
func (a *Admission) survive(plugin string, err *error) {
	if cause := recover(); cause != nil {
		a.config.Log.Error("a plugin made xrm panic", "plugin", plugin, "panic", cause, "stack", string(debug.Stack()))
		*err = fmt.Errorf("xrm panicked over what it contributes: %v", cause)
	}
}

// complete makes the rights, the hooks and the API of a snapshot.
func (a *Admission) complete(s *Snapshot) (*Snapshot, error) {
	m := s.catalog.Model()
	var rights []access.PluginRights
	for _, c := range s.Contributions {
		rights = append(rights, c.Rights)
	}
	policy, err := access.NewPolicy(m, a.config.Roles, rights)
	if err != nil {
		return nil, err
	}
	s.Basis = record.Basis{Model: m, Policy: policy, Edition: a.made.Add(1)}
	s.Roles = policy.Users()
	s.faults, s.idle = a.config.Roles.Check(m)
	s.idle = append(s.idle, a.config.Roles.Unoffered(s.operations())...)
	said := []wording.Catalog{a.config.Texts}
	for _, c := range s.Contributions {
		said = append(said, c.Texts)
	}
	s.Texts = texts.NewSpeaker(m, said...)
	if a.config.Hooks != nil {
		s.Hooks = a.config.Hooks(s.Contributions)
	}
	s.API, err = a.config.Build(s)
	return s, err
}
