package snapshot

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/cron"
	"github.com/openxrm/xrm/sdk/contract/mention"
)

// fits holds a contribution against the model that it would be part of, together
// with all others.
func fits(m *schema.Model, c Contribution, all []Contribution) error {
	return errors.Join(mentions(m, c, all), topics(m, c), schedules(c))
}

// clashes refuses what another plugin has.
func clashes(c Contribution, others []Contribution) error {
	for _, other := range others {
		if c.Plugin == other.Plugin {
			continue
		}
		if err := clash(c, other); err != nil {
			return err
		}
	}
	return nil
}

func clash(c, other Contribution) error {
	for _, o := range c.Operations {
		for _, taken := range other.Operations {
			if o.Name == taken.Name {
				return fmt.Errorf("the plugin %s already has an operation %s; rename one", other.Plugin, o.Name)
			}
		}
	}
	for _, f := range c.Fields {
		for _, taken := range other.Fields {
			if f.Entity == taken.Entity && f.Field.Name == taken.Field.Name {
				return fmt.Errorf("the plugin %s already has a field %s.%s; rename one", other.Plugin, f.Entity, f.Field.Name)
			}
		}
	}
	return nil
}

// mentions refuses a contribution that names an entity that is not there, or
// that takes away one that another names: a rule for it would never run. It also
// refuses one that brings an entity of the name of a plugin.
func mentions(m *schema.Model, c Contribution, all []Contribution) error {
	if err := cmp.Or(mention.Check(m, c.Mentions), ownName(m, c)); err != nil {
		return err
	}
	var errs []error
	for _, other := range all {
		if err := mention.Check(m, other.Mentions); err != nil {
			errs = append(errs, fmt.Errorf("the plugin %s needs what this one no longer has: %w", other.Plugin, err))
		}
		if err := ownName(m, other); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// ownName refuses a plugin that is called like what is not its own: nobody could
// tell its events from those of the entity.
func ownName(m *schema.Model, c Contribution) error {
	if e := m.Entity(c.Plugin); e != nil && e.Layer != c.Layer() && !c.Bare {
		return fmt.Errorf("the plugin %s is called like the entity %s of %s, so their events would be taken for each other's; rename one", c.Plugin, e.Name, e.Layer)
	}
	return nil
}

// topics refuses those that name an entity and what never happens to its records.
func topics(m *schema.Model, c Contribution) error {
	if c.Recalled {
		return nil
	}
	return mention.CheckTopics(m, c.Plugin, c.Topics)
}

// schedules refuses jobs that would never run.
func schedules(c Contribution) error {
	var errs []error
	for _, j := range c.Jobs {
		if _, err := cron.Parse(j.Schedule, j.TimeZone); err != nil {
			errs = append(errs, fmt.Errorf("job %s: %w", j.Name, err))
		}
	}
	return errors.Join(errs...)
}

// parties refuses fields that refer to a party, unless the plugin says what
// becomes of what it keeps about one.
func parties(m *schema.Model, c Contribution) error {
	if c.PartyData.Said || c.Recalled {
		return nil
	}
	return mention.PartiesIn(m, c.Plugin)
}

// Unmet lists what a plugin asks for and the model does not have: records of an
// entity, or events of one that came after the plugin. It serves all the same,
// since another plugin may bring it yet.
func (s *Snapshot) Unmet(c Contribution) []string {
	err := errors.Join(mention.Check(s.Model, c.Asked), mention.UnmetTopics(s.Model, c.Plugin, c.Topics))
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}
