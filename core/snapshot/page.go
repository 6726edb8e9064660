package snapshot

import (
	"slices"

	"github.com/openxrm/xrm/core"
)

// Page is a folder of files that people see in a browser, at a stranger's distance
// from the pages of the core.
type Page struct {
	Plugin       string
	Name         string
	Title        string
	Needs        []string // what a user must be allowed to do to see it; see record.Policy
	ForEverybody bool     // whatever a user is allowed to do
	Digest       string   // of all its files: whoever knows it knows them
}

// Page finds a page of a plugin that an actor may see. One that is not there and one
// that the actor may not see are NotFound alike.
func (s *Snapshot) Page(a core.Actor, plugin, name string) (Page, error) {
	for _, p := range s.Pages(a) {
		if p.Plugin == plugin && p.Name == name {
			return p, nil
		}
	}
	return Page{}, &core.Error{Code: core.NotFound, Message: "There is no such page, or your roles do not allow it; ask an administrator."}
}

// Files finds a page whose files are those of a digest.
func (s *Snapshot) Files(plugin, name, digest string) (Page, bool) {
	c, _ := s.Find(plugin)
	i := slices.IndexFunc(c.Pages, func(p Page) bool { return p.Name == name && p.Digest == digest })
	if i < 0 {
		return Page{}, false
	}
	return c.Pages[i], true
}

// Pages lists the pages that an actor may see.
func (s *Snapshot) Pages(a core.Actor) (seen []Page) {
	for _, c := range s.Contributions {
		for _, p := range c.Pages {
			if p.ForEverybody || s.Policy.Starts(s.Model, a, "", p.Needs) {
				seen = append(seen, p)
			}
		}
	}
	return seen
}
