package core

import "strings"

// SubscriberKind is a sort of subscribers, all of which are told of events in
// the same way. Its name has neither a colon nor a slash.
type SubscriberKind string

// PluginSubscriber is the kind of the plugins. They subscribe by their bare
// names, which have no colon, so no other subscriber is ever taken for one.
const PluginSubscriber SubscriberKind = ""

// Subscriber is what one of the kind is called wherever subscribers of all kinds
// are: "webhook:erp", and a plugin by its name alone. The name has no slash.
func (k SubscriberKind) Subscriber(name string) string {
	if k == PluginSubscriber {
		return name
	}
	return string(k) + ":" + name
}

// CutSubscriber takes apart what Subscriber has put together.
func CutSubscriber(subscriber string) (kind SubscriberKind, name string) {
	if before, after, found := strings.Cut(subscriber, ":"); found {
		return SubscriberKind(before), after
	}
	return PluginSubscriber, subscriber
}
