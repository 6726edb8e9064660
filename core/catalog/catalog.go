package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// Catalog is a set of definitions that fit each other: the shipped ones, those
// of plugins, and the site's. It never changes; With makes another one.
type Catalog struct {
	model   *schema.Model
	waiting strictyaml.Problems
	region  string

	shipped []schema.Source
	plugins map[string][]schema.Source
	site    []schema.Source
}

// New makes a catalog of the shipped and the site's definitions. It returns
// every mistake in them at once. A file of the site that needs an entity which
// only a plugin can bring waits for it: see Waiting.
func New(shipped, site []schema.Source) (*Catalog, error) {
	return compose(&Catalog{shipped: shipped, site: site})
}

// In returns the same definitions for a site whose national phone numbers are those of
// a country (ISO 3166).
func (c *Catalog) In(region string) *Catalog {
	here := *c
	here.region, here.model = region, c.model.In(region)
	return &here
}

// Model returns the model that the definitions make.
func (c *Catalog) Model() *schema.Model { return c.model }

// Waiting says which files of the site are left out of the model until a plugin
// brings what they need.
func (c *Catalog) Waiting() strictyaml.Problems { return c.waiting }

// With puts the definitions of these plugins in the place of those that they had
// before; none take them back. Definitions that do not fit the others are refused
// with every reason. The catalog is the same one when they are the same.
func (c *Catalog) With(definitions map[string][]schema.Source) (*Catalog, error) {
	next := *c
	next.plugins = map[string][]schema.Source{}
	maps.Copy(next.plugins, c.plugins)
	maps.Copy(next.plugins, definitions)
	if maps.EqualFunc(next.plugins, c.plugins, same) {
		return c, nil
	}
	return compose(&next)
}

// WithSite puts other definitions in the place of the site's.
func (c *Catalog) WithSite(site []schema.Source) (*Catalog, error) {
	next := *c
	next.site, next.waiting = site, nil
	return compose(&next)
}

// Sources lists all definitions, in the order in which they are loaded; those of
// the site that wait are not among them.
func (c *Catalog) Sources() []schema.Source {
	sources := slices.Clone(c.shipped)
	for _, name := range slices.Sorted(maps.Keys(c.plugins)) {
		sources = append(sources, c.plugins[name]...)
	}
	for _, s := range c.site {
		if !slices.ContainsFunc(c.waiting, func(p strictyaml.Problem) bool { return p.File == s.File }) {
			sources = append(sources, s)
		}
	}
	return sources
}

func same(one, other []schema.Source) bool {
	return slices.EqualFunc(one, other, func(a, b schema.Source) bool {
		return a.File == b.File && a.Version == b.Version && a.Gone == b.Gone && string(a.Data) == string(b.Data)
	})
}

// Unfit is the error of definitions of a plugin that something speaks against: the
// other definitions, what is stored, or the API. It is a schema.ErrNoEntity when
// nothing but entities of others are missing.
func Unfit(plugin string, why error) error { return &unfit{plugin, why} }

type unfit struct {
	plugin string
	why    error
}

func (u *unfit) Error() string {
	return fmt.Sprintf("the definitions of the plugin %s do not fit: %v", u.plugin, u.why)
}

func (u *unfit) Unwrap() error { return u.why }

// Is says whether another plugin may bring what is missing.
func (u *unfit) Is(target error) bool {
	var problems strictyaml.Problems
	return target == schema.ErrNoEntity && errors.As(u.why, &problems) &&
		!slices.ContainsFunc(problems, func(p strictyaml.Problem) bool { return p.Missing == "" })
}

// compose makes the model of a catalog.
func compose(c *Catalog) (*Catalog, error) {
	sources := slices.Clone(c.shipped)
	for _, name := range slices.Sorted(maps.Keys(c.plugins)) {
		sources = append(sources, c.plugins[name]...)
	}
	var err error
	if c.model, c.waiting, err = load(sources, c.site); err != nil {
		return nil, err
	}
	c.model = c.model.In(c.region)
	return c, nil
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
