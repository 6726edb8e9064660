package catalog

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/openxrm/xrm/schema"
)

// ReadSite reads the definitions in a folder as those of the site. Messages name
// the files by the folder as it was given.
func ReadSite(dir string) ([]schema.Source, error) {
	return schema.ReadSources("site", filepath.ToSlash(dir), os.DirFS(dir))
}

// Lint returns the model of the shipped and the site's definitions, or every
// mistake in them. Unlike New it lets no file wait for a plugin. checks say what
// the API has no names for and what a database does not keep; they are asked, in
// turn, once the rest is right.
func Lint(shipped, site []schema.Source, checks ...func(*schema.Model) error) (*schema.Model, error) {
	m, err := schema.Load(slices.Concat(shipped, site)...)
	if err != nil {
		return nil, err
	}
	for _, check := range checks {
		if err := check(m); err != nil {
			return nil, err
		}
	}
	return m, nil
}
