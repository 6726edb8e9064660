package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/mention"
)

// Kept keeps the definitions that were served last, in the database: a start holds
// its files against them, and serves them where its own do not fit what is stored.
type Kept interface {
	record.Finder
	Definitions(ctx context.Context) (core.Definitions, error)

	// KeepDefinitions puts what next makes of those that are kept in their place. It
	// asks again where another instance has kept some meanwhile.
	KeepDefinitions(ctx context.Context, next func(core.Definitions) core.Definitions) error
}

// Begin decides by which definitions of the site is served, and makes the database
// ready for them. It is called before anybody is served and before Recall, again
// as long as it returns an Unavailable error. Files that do not fit what is stored
// are refused: the last ones that were served stay in force, if any are known, and
// Refused says why. What it returns otherwise keeps the server from starting.
func (a *Admission) Begin(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	served, err := a.config.Kept.Definitions(ctx)
	if err != nil {
		return err
	}
	a.gone = goneBy(served, nil)
	now := a.current.Load()
	whole, refused := a.judgeSite(ctx, served, now.catalog)
	if refused == nil {
		refused = a.config.Prepare(nil, now.Model)
	}
	switch {
	case refused != nil && !isRefusal(refused):
		return refused
	case refused == nil:
		a.refusal.Store(nil)
		_ = a.keep(nil, whole) // which has said so
		return nil
	case len(served.Sources) == 0:
		return refused
	}
	last, err := a.last(served.Sources, now.catalog)
	if err == nil {
		err = a.config.Prepare(nil, last.Model)
	}
	if core.CodeOf(err) == core.Unavailable {
		return err
	}
	if err != nil {
		return errors.Join(refused, fmt.Errorf("the definitions that were served last are no help: %w", err))
	}
	reasons := strings.Split(refused.Error(), "\n")
	told := reasons
	if ours := (*core.Error)(nil); errors.As(refused, &ours) {
		told = []string{ours.Message} // without the values, which are for the log
	}
	for _, reason := range reasons {
		a.config.Log.Error("a definition of the site does not fit what is stored; those that were served last stay in force until that is mended and xrm is started again", "definition", reason)
	}
	a.gone = goneBy(served, last.Model)
	a.current.Store(last)
	a.refusal.Store(&told)
	return nil
}

// isRefusal says whether an error is about the definitions and what is stored, and
// not about a database that does not do what it should.
func isRefusal(err error) bool {
	var problems strictyaml.Problems
	return errors.As(err, &problems) || slices.Contains([]core.Code{core.Conflict, core.Invalid}, core.CodeOf(err))
}

// Refused says why the files of the site are not in force; nothing if they are.
func (a *Admission) Refused() []string {
	if reasons := a.refusal.Load(); reasons != nil {
		return *reasons
	}
	return nil
}

// last is the snapshot of the site's definitions that were served last.
func (a *Admission) last(served []schema.Source, now *catalog.Catalog) (*Snapshot, error) {
	site := slices.DeleteFunc(slices.Clone(served), func(s schema.Source) bool { return s.Layer != "site" })
	definitions, err := now.WithSite(site)
	if err != nil {
		return nil, err
	}
	return a.complete(&Snapshot{catalog: definitions})
}

// judgeSite says what of the files does not fit what is stored, or what is known of
// plugins. It returns the definitions together with those of the plugins. A model
// of an older language than this program reads judges nothing.
func (a *Admission) judgeSite(ctx context.Context, served core.Definitions, now *catalog.Catalog) (whole *catalog.Catalog, err error) {
	if len(served.Sources) == 0 {
		return now, nil
	}
	before, err := schema.Load(served.Sources...)
	if err != nil {
		a.config.Log.Warn("the definitions that were served last cannot be read any more, so the files are not held against them", "error", err)
		return now, nil
	}
	plugins := map[string][]schema.Source{}
	for _, s := range served.Sources {
		if name, isPlugin := strings.CutPrefix(s.Layer, mention.Layer("")); isPlugin {
			plugins[name] = append(plugins[name], s)
		}
	}
	whole, err = now.With(plugins)
	if problems := missing(before, now, whole, err); len(problems) > 0 {
		return nil, problems.Err()
	}
	if err != nil { // what of it does not fit is told when the plugins come
		whole = now
	}
	if past := before.Past(served.Gone); len(past.Misfits(whole.Model())) > 0 {
		if err := a.config.Prepare(nil, before); err != nil { // as it was, or nothing could be looked up
			return nil, err
		}
		if err := record.CheckStored(ctx, a.config.Kept, past, whole.Model()); err != nil {
			return nil, err
		}
	}
	return whole, a.tellGone(ctx, before, whole.Model())
}

// missing finds what refers to an entity whose file is gone.
func missing(before *schema.Model, now, whole *catalog.Catalog, err error) (gone strictyaml.Problems) {
	var problems strictyaml.Problems
	if err == nil {
		problems = whole.Waiting()
	} else if !errors.As(err, &problems) {
		problems = now.Waiting()
	}
	for _, p := range problems {
		if e := before.Entity(p.Missing); e != nil && e.Layer == "site" {
			p.Message += fmt.Sprintf(": %s, which defined it, is missing. Put the file back, or take out what refers to %s", e.File, e.Name)
			gone = append(gone, p)
		}
	}
	return gone
}

// tellGone logs which entities of the site are gone although there are records of
// them.
func (a *Admission) tellGone(ctx context.Context, before, now *schema.Model) error {
	for _, e := range before.Stored() {
		if e.Layer != "site" || now.Entity(e.Name) != nil {
			continue
		}
		left, err := a.config.Kept.Remaining(ctx, e.Name)
		if err != nil {
			return err
		}
		if left > 0 {
			a.config.Log.Warn("an entity is gone from the definitions; its records are kept, hidden, and are there again when its file is", "entity", e.Name, "file", e.File, "records", left)
		}
	}
	return nil
}
