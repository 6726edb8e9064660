package pluginpb

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

// IsOfRecords says whether a name is what happens to records, and so cannot be
// that of an event which a plugin publishes.
func IsOfRecords(name string) bool { return slices.Contains(Actions(), name) }

// TopicFits says whether a subscription to a topic, "order.created" or
// "order.*", concerns an event. The change of a party also has the topics of its
// roles.
func TopicFits(topic string, e *Event) bool {
	subject, action, _ := strings.Cut(topic, ".")
	of, happened, _ := strings.Cut(e.GetTopic(), ".")
	return (subject == of || slices.Contains(e.GetRoles(), subject)) && (action == "*" || action == happened)
}
