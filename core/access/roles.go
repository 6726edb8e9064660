package access

import (
	"embed"
	"fmt"
	"slices"
	"sync"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

//go:embed shipped/*.yaml
var shipped embed.FS

// Roles are all roles that there are. They answer the questions of
// record.Policy for any model. Safe for concurrent use.
type Roles struct {
	roles []*role

	mu       sync.RWMutex
	compiled map[*schema.Model]*compiled
}

func newRoles(roles ...*role) *Roles {
	return &Roles{roles: roles, compiled: map[*schema.Model]*compiled{}}
}

// LoadRoles reads the site's roles, one in each source, beside the shipped
// admin and reader. It returns every mistake of every file at once, as
// strictyaml.Problems. The model is the one that the rules are checked
// against; they apply to later models too, see Check.
func LoadRoles(m *schema.Model, sources []schema.Source) (*Roles, error) {
	own, err := schema.ReadSources("shipped", "", shipped)
	if err != nil {
		return nil, err
	}
	r := newRoles()
	var problems strictyaml.Problems
	for _, s := range append(own, sources...) {
		problems = append(problems, r.add(s)...)
	}
	faults, _ := r.Check(m)
	if err := append(problems, faults...).Err(); err != nil {
		return nil, err
	}
	return r, nil
}

// Check says which rules grant nothing in a model: faults are those that do not
// fit it, for example because a plugin has changed; warnings are those about
// entities that do not exist, perhaps because their plugin is not there.
func (r *Roles) Check(m *schema.Model) (faults, warnings strictyaml.Problems) {
	c := r.forModel(m)
	return c.faults, c.warnings
}

// Names lists the roles, the shipped ones first.
func (r *Roles) Names() []string {
	names := make([]string, len(r.roles))
	for i, one := range r.roles {
		names[i] = one.name
	}
	return names
}

// Find returns an error that suggests the nearest name if there is no such
// role.
func (r *Roles) Find(name string) error {
	if slices.Contains(r.Names(), name) {
		return nil
	}
	return fmt.Errorf("there is no role %q%s", name, strictyaml.Suggest(name, r.Names()))
}

func (r *Roles) add(s schema.Source) strictyaml.Problems {
	one := &role{file: s.File}
	problems := strictyaml.Decode(s.File, s.Data, one)
	problem := func(format string, args ...any) {
		problems = append(problems, strictyaml.Problem{File: s.File, Line: one.line, Message: fmt.Sprintf(format, args...)})
	}
	if one.name == "" {
		if len(problems) == 0 {
			problem("a file describes one role: start with role: NAME")
		}
		return problems
	}
	for _, other := range r.roles {
		if other.name == one.name {
			problem("the role %q is already defined in %s; choose another name", one.name, other.file)
			return problems
		}
	}
	r.roles = append(r.roles, one)
	return problems
}

// maxModels is more than are in use while one model takes over from another.
const maxModels = 4

// forModel returns the rules made ready for a model. They are kept: every
// query asks, and a model lives long.
func (r *Roles) forModel(m *schema.Model) *compiled {
	r.mu.RLock()
	c := r.compiled[m]
	r.mu.RUnlock()
	if c != nil {
		return c
	}
	c = compile(m, r.roles)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.compiled) >= maxModels {
		clear(r.compiled)
	}
	r.compiled[m] = c
	return c
}
