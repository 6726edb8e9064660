package record

import (
	"github.com/openxrm/xrm/schema"
)

// rules are what becomes of those who refer to a record when it is deleted, by the stored
// entity and the path of the reference. A deletion goes on by the rules that it was begun
// with: by those of today it would take what it has left, or leave what it was to take.
type rules map[string]string

func ruleKey(r schema.Reference) string { return r.From.Stored().Name + "." + r.Path }

// rule is what becomes of whoever refers to a record by a reference.
func (b Basis) rule(r schema.Reference) string {
	if rule, known := b.rules[ruleKey(r)]; known {
		return rule
	}
	return r.Rule()
}

// rulesOf are those that the deletion of an entity's record goes by.
func (b Basis) rulesOf(e *schema.Entity) rules {
	all := rules{}
	for _, one := range append(b.cascading(e), e) {
		for _, r := range b.Model.ReferencesTo(one) {
			all[ruleKey(r)] = b.rule(r)
		}
	}
	return all
}
