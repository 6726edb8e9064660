package pluginpb

import (
	"slices"
	"strings"
)

// TopicFits says whether a subscription to a topic, "order.created" or
// "order.*", concerns an event. The change of a party also has the topics of its
// roles.
func TopicFits(topic string, e *Event) bool {
	subject, action, _ := strings.Cut(topic, ".")
	of, happened, _ := strings.Cut(e.GetTopic(), ".")
	return (subject == of || slices.Contains(e.GetRoles(), subject)) && (action == "*" || action == happened)
}
