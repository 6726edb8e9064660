package access

import (
	"errors"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

var _ record.Policy = (*Policy)(nil)

// Policy is what may be done by whom: what a user does, the user's roles allow;
// what a plugin does for a user, the roles and the rights of the plugin have to
// allow both; and what a plugin does for itself, its rights. It never changes.
// Safe for concurrent use.
type Policy struct {
	users   *Roles            // the site's, and those that plugins ship
	plugins map[string]*Roles // each with one role, called like the plugin
}

// PluginRights are what a plugin asks for in its manifest and was granted.
type PluginRights struct {
	Plugin  string
	Layer   string     // schema.Entity.Layer of what it has brought
	File    string     // where Records stands, for messages
	Records *yaml.Node // a mapping as in a role file, without the keys role, description and operations; nil for none
	Roles   *yaml.Node // that it ships: a mapping from a name to what stands in a role file, without the key role; nil for none
}

// NewPolicy makes the policy of users with their roles, and of plugins with these
// rights; other plugins have none. The entities that it has brought a plugin may
// use without asking. Beside the site's roles a user may have those that plugins ship. An error names every mistake, with file and line.
func NewPolicy(m *schema.Model, users *Roles, rights []PluginRights) (*Policy, error) {
	granted := map[string]*Roles{}
	users, problems := users.Shipped(rights)
	problems = append(problems, users.faultsOfPlugins(m)...)
	for _, r := range rights {
		one := &role{name: r.Plugin, file: r.File, plugin: r.Plugin, layer: r.Layer}
		if r.Records != nil {
			problems = append(problems, strictyaml.DecodeTree(r.File, r.Records, one)...)
			one.name = r.Plugin // whatever the manifest says
			if one.operations.all || len(one.operations.names) > 0 {
				problems = append(problems, strictyaml.Problem{File: r.File, Line: r.Records.Line, Message: "needs.records: operations are for roles of users; a plugin starts none"})
			}
		}
		roles := newRoles(one)
		faults, _ := roles.Check(m)
		problems = append(problems, faults...)
		granted[r.Plugin] = roles
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return &Policy{users: users, plugins: granted}, nil
}

// Users are the roles that a key may have.
func (p *Policy) Users() *Roles { return p.users }

// Readable implements record.Policy.
func (p *Policy) Readable(m *schema.Model, a core.Actor, e *schema.Entity) (schema.Filter, error) {
	return p.both(a, func(r *Roles, a core.Actor) (schema.Filter, error) { return r.Readable(m, a, e) },
		read, e)
}

// Writable implements record.Policy.
func (p *Policy) Writable(m *schema.Model, a core.Actor, e *schema.Entity, action core.Action, fields []string) (schema.Filter, error) {
	return p.both(a, func(r *Roles, a core.Actor) (schema.Filter, error) { return r.Writable(m, a, e, action, fields) },
		verbOf[action], e)
}

// Visible implements record.Policy.
func (p *Policy) Visible(m *schema.Model, a core.Actor, r *core.Record) (map[string]bool, error) {
	return p.common(a, func(roles *Roles, a core.Actor) (map[string]bool, error) { return roles.Visible(m, a, r) })
}

// Deciding implements record.Policy.
func (p *Policy) Deciding(m *schema.Model, a core.Actor, e *schema.Entity) []string {
	if a.Via == "" {
		return p.users.Deciding(m, a, e)
	}
	return append(p.plugin(a.Via).Deciding(m, asPlugin(a), e), p.users.Deciding(m, a, e)...)
}

// Askable implements record.Policy.
func (p *Policy) Askable(m *schema.Model, a core.Actor, e *schema.Entity) (map[string]bool, error) {
	return p.common(a, func(roles *Roles, a core.Actor) (map[string]bool, error) { return roles.Askable(m, a, e) })
}

// both asks the rights of the plugin and the roles of the user about what is to be
// done to records of an entity.
func (p *Policy) both(a core.Actor, ask func(*Roles, core.Actor) (schema.Filter, error), v verb, e *schema.Entity) (schema.Filter, error) {
	if a.Via == "" {
		return ask(p.users, a)
	}
	own, err := ask(p.plugin(a.Via), asPlugin(a))
	if err != nil {
		return schema.Nothing(), denied(a.Via, doing(v, e), written(v, e), err)
	}
	if a.IsPlugin() {
		return own, nil
	}
	users, err := ask(p.users, a)
	return schema.All(own, users), err
}

func (p *Policy) common(a core.Actor, ask func(*Roles, core.Actor) (map[string]bool, error)) (map[string]bool, error) {
	if a.Via == "" {
		return ask(p.users, a)
	}
	own, err := ask(p.plugin(a.Via), asPlugin(a))
	if err != nil || a.IsPlugin() {
		return own, err
	}
	users, err := ask(p.users, a)
	return both(own, users), err
}

// noRights are those of a plugin that was granted nothing.
var noRights = newRoles()

func (p *Policy) plugin(name string) *Roles {
	if rights := p.plugins[name]; rights != nil {
		return rights
	}
	return noRights
}

// asPlugin is the actor as the rights of the plugin see it: $user is still the
// user.
func asPlugin(a core.Actor) core.Actor {
	a.Roles = []string{a.Via}
	return a
}

// denied tells what the manifest of the plugin lacks, field by field where it
// has the rest.
func denied(plugin, what, line string, err error) error {
	e := &core.Error{
		Code: core.Forbidden,
		Message: fmt.Sprintf("The plugin %s may not %s: nobody has granted that. Under needs.records its plugin.yaml has to have %s. Then approve it: xrm plugin approve %s.",
			plugin, what, line, plugin),
	}
	var ours *core.Error
	if errors.As(err, &ours) && len(ours.Violations) > 0 {
		e.Message = fmt.Sprintf("The plugin %s may not write all of these fields. Under needs.records its plugin.yaml has to have them. Then approve it: xrm plugin approve %s.", plugin, plugin)
		for _, v := range ours.Violations {
			v.Message = "may not be written by the plugin " + plugin
			e.Violations = append(e.Violations, v)
		}
	}
	return e
}
