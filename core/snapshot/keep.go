package snapshot

import (
	"context"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/schema"
)

// keep notes what is served from now on in the place of a model, nil for none, and
// what is gone by it. Where that fails the next start compares with what was served
// before.
func (a *Admission) keep(before *schema.Model, c *catalog.Catalog) error {
	if a.config.Kept == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), prepareFor)
	defer cancel()
	known := a.gone
	a.gone = before.Past(known).Gone(c.Model())
	sources := c.Sources()
	var gone []schema.Gone
	err := a.config.Kept.KeepDefinitions(ctx, func(kept core.Definitions) core.Definitions {
		// What is known here and was not kept, as the database was away, counts too.
		gone = before.Past(goneBy(kept, before), known).Gone(c.Model())
		return core.Definitions{Sources: sources, Gone: gone}
	})
	if err != nil {
		a.config.Log.Warn("the definitions that are served could not be noted in the database; the next start compares its files with older ones", "error", err)
		return err
	}
	a.gone = gone
	return nil
}

// askFor is how long the database is asked for what is gone.
const askFor = 5 * time.Second

// past is what is known of stored values while a model is served. Another instance
// may have served what this one never knew; while the database is away, what was
// known last has to do.
func (a *Admission) past(served *schema.Model) *schema.Past {
	if a.config.Kept == nil {
		return served.Past(a.gone)
	}
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	kept, err := a.config.Kept.Definitions(ctx)
	if err != nil {
		return served.Past(a.gone)
	}
	return served.Past(goneBy(kept, served), a.gone)
}

// goneBy is what was kept and is not in a model, nil for none. Of a language that this
// program does not read only what was gone is known.
func goneBy(kept core.Definitions, now *schema.Model) []schema.Gone {
	last, err := schema.Load(kept.Sources...)
	if err != nil {
		return slices.Clone(kept.Gone)
	}
	return last.Past(kept.Gone).Gone(now)
}
