package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// Catalog holds the current model. It is safe for concurrent use.
type Catalog struct {
	current atomic.Pointer[schema.Model]
	waiting atomic.Pointer[strictyaml.Problems]

	mu      sync.Mutex // one Offer at a time
	shipped []schema.Source
	plugins map[string][]schema.Source
	site    []schema.Source
	prepare func(*schema.Model) error
}

// New makes a catalog of the shipped and the site's definitions. It returns
// every mistake in them at once. A file of the site that needs an entity which
// only a plugin can bring waits for it: see Waiting.
//
// prepare is called with each new model before it becomes current: it makes
// the indexes and whatever else must exist first. Its error keeps the model
// that was current.
func New(shipped, site []schema.Source, prepare func(*schema.Model) error) (*Catalog, error) {
	c := &Catalog{shipped: shipped, site: site, prepare: prepare}
	if err := c.swap(map[string][]schema.Source{}); err != nil {
		return nil, err
	}
	return c, nil
}

// Model returns the current model. A request asks once and keeps it.
func (c *Catalog) Model() *schema.Model { return c.current.Load() }

// Waiting says which files of the site are left out of the current model until
// a plugin brings what they need.
func (c *Catalog) Waiting() strictyaml.Problems { return *c.waiting.Load() }

// Offer adds the definitions of a plugin, or replaces those that it offered
// before; with none it takes them back. Definitions that do not fit the others
// are refused with every reason, and the model stays as it is.
func (c *Catalog) Offer(plugin string, definitions []schema.Source) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.EqualFunc(c.plugins[plugin], definitions, func(a, b schema.Source) bool {
		return a.File == b.File && string(a.Data) == string(b.Data)
	}) {
		return nil
	}
	plugins := maps.Clone(c.plugins)
	plugins[plugin] = definitions
	if err := c.swap(plugins); err != nil {
		return fmt.Errorf("the definitions of the plugin %s do not fit: %w", plugin, err)
	}
	return nil
}

// swap makes a model with these plugins the current one.
func (c *Catalog) swap(plugins map[string][]schema.Source) error {
	sources := slices.Clone(c.shipped)
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		sources = append(sources, plugins[name]...)
	}
	m, waiting, err := load(sources, c.site)
	if err != nil {
		return err
	}
	if err := c.prepare(m); err != nil {
		return err
	}
	c.plugins = plugins
	c.current.Store(m)
	c.waiting.Store(&waiting)
	return nil
}

// load leaves those files of the site out, with the reason, that need what no
// file defines. What needs the files that are left out must wait as well.
func load(sources, site []schema.Source) (m *schema.Model, waiting strictyaml.Problems, err error) {
	for {
		if m, err = schema.Load(append(slices.Clone(sources), site...)...); err == nil {
			return m, waiting, nil
		}
		var problems strictyaml.Problems
		if !errors.As(err, &problems) {
			return nil, nil, err
		}
		left := site
		for _, p := range problems {
			if p.Missing == "" {
				return nil, nil, err
			}
			left = slices.DeleteFunc(slices.Clone(left), func(s schema.Source) bool { return s.File == p.File })
		}
		if len(left) == len(site) {
			return nil, nil, err // it is not the site that misses something
		}
		site, waiting = left, append(waiting, problems...)
	}
}
