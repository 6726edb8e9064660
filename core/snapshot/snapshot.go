package snapshot

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/texts"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// Snapshot is all that a request, a hook, an event or a run of a job is decided
// by. Nothing in it ever changes: whoever starts with one keeps it to the end.
type Snapshot struct {
	record.Basis
	Contributions []Contribution    // by the name of the plugin
	Roles         *access.Roles     // that a key may have
	API           *execution.Engine // of the model, the rights and the contributions
	Texts         *texts.Speaker    // what is said in other languages than English

	catalog *catalog.Catalog
	faults  strictyaml.Problems // of rules of roles that do not fit the model
	idle    strictyaml.Problems
}

// Find returns what a plugin contributes.
func (s *Snapshot) Find(plugin string) (c Contribution, found bool) {
	i, found := slices.BinarySearchFunc(s.Contributions, plugin, byPlugin)
	if !found {
		return Contribution{}, false
	}
	return s.Contributions[i], true
}

// operations lists the names of what plugins offer.
func (s *Snapshot) operations() (names []string) {
	for _, c := range s.Contributions {
		for _, o := range c.Operations {
			names = append(names, o.Name)
		}
	}
	return names
}

// Waiting says which files of the site are left out of the model until a plugin
// brings what they need.
func (s *Snapshot) Waiting() strictyaml.Problems { return s.catalog.Waiting() }

// Idle says which rules of roles grant nothing, because there is nothing now that
// they speak of. It may come with a plugin.
func (s *Snapshot) Idle() strictyaml.Problems { return s.idle }

// with returns the contributions with one in the place of what its plugin
// contributed before.
func with(all []Contribution, c Contribution) []Contribution {
	all = slices.Clone(all)
	i, found := slices.BinarySearchFunc(all, c.Plugin, byPlugin)
	if found {
		all[i] = c
		return all
	}
	return slices.Insert(all, i, c)
}

func byPlugin(c Contribution, plugin string) int { return strings.Compare(c.Plugin, plugin) }
