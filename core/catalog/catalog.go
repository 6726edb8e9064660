package catalog

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/openxrm/xrm/schema"
)

// Catalog holds the current model. It is safe for concurrent use.
type Catalog struct {
	current atomic.Pointer[schema.Model]

	mu      sync.Mutex // one Offer at a time
	shipped []schema.Source
	plugins map[string][]schema.Source
	site    []schema.Source
	prepare func(*schema.Model) error
}

// New makes a catalog of the shipped and the site's definitions. It returns
// every mistake in them at once.
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

// Offer adds the definitions of a plugin, or replaces those that it offered
// before; with none it takes them back. Definitions that do not fit the others are refused with every
// reason, and the model stays as it is.
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
		return fmt.Errorf("the definitions of the plugin %s do not fit:\n%w", plugin, err)
	}
	return nil
}

// swap makes a model with these plugins the current one.
func (c *Catalog) swap(plugins map[string][]schema.Source) error {
	sources := slices.Clone(c.shipped)
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		sources = append(sources, plugins[name]...)
	}
	m, err := schema.Load(append(sources, c.site...)...)
	if err != nil {
		return err
	}
	if err := c.prepare(m); err != nil {
		return err
	}
	c.plugins = plugins
	c.current.Store(m)
	return nil
}
