package naming

import (
	"slices"
	"strings"
)

// The topics of the end of a party.
const (
	PartyMerged = "party.merged"
	PartyErased = "party.erased"
)

// Actions are what happens to records, as topics call it.
func Actions() []string {
	return []string{"created", "updated", "deleted", "restored", "merged", "erased"}
}

// IsAction says whether a name is what happens to records, and so cannot be that
// of an event which a plugin publishes.
func IsAction(name string) bool { return slices.Contains(Actions(), name) }

// TopicFits says whether a subscription to a topic, "order.created" or "order.*",
// concerns what happened: "order.created". The change of a party also concerns the
// topics of its roles, those of before the change and of after it.
func TopicFits(topic, happened string, roles []string) bool {
	subject, action, _ := strings.Cut(topic, ".")
	of, what, _ := strings.Cut(happened, ".")
	return (subject == of || slices.Contains(roles, subject)) && (action == "*" || action == what)
}
