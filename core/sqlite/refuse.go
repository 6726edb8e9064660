package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
)

// tooFar is the refusal of a page that neither its conditions nor its order
// lead to. It names the index that would.
func (p *planner) tooFar(all []condition, at scope) error {
	e := p.table.entity
	owner := e.Name
	var names []string
	add := func(path, sign string) {
		role, _, inside := strings.Cut(path, ".")
		if inside && at.table.roles[role] {
			owner, path = role, strings.TrimPrefix(path, role+".")
		}
		if !slices.Contains(names, path) && !slices.Contains(names, "-"+path) {
			names = append(names, sign+path)
		}
	}
	for _, c := range all {
		if role := at.roleOf(c.filter); role != "" {
			owner = role
		} else if at.equal([]condition{c}, key{path: c.filter.Path}) == 0 {
			add(c.filter.Path, "")
		}
	}
	for _, o := range p.query.OrderBy {
		add(o.Path, map[bool]string{true: "-"}[o.Descending])
	}
	return &core.Error{Code: core.Invalid, Message: fmt.Sprintf(
		"The list would look at more than %d %s to fill its page; narrow the filter, ask for another order, or let an administrator add indexes: [[%s]] to %s.",
		p.farthest, e.Plural, strings.Join(names, ", "), owner)}
}
