package core

import (
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/sdk/naming"
)

// Event is something that has happened, as its subscribers are told: a change
// of a record, or what a plugin has published.
type Event struct {
	ID      string // "party/0190…/7" of a change, otherwise a UUIDv7; it stays the same when the event comes again
	Topic   string // in the past tense: "party.updated", "complaints.escalated"
	Key     string // events of one key come in the order of Seq; "party/0190…" of a change
	Seq     int64  // grows from event to event of a key, not by one; a change's is the version
	At      time.Time
	Actor   Actor
	Entry   *Entry // of a change; nil for what a plugin has published
	Payload []byte // JSON, of what a plugin has published
}

// Event is the entry as subscribers are told.
func (e Entry) Event() Event {
	key := e.Entity + "/" + e.RecordID
	return Event{
		ID: fmt.Sprintf("%s/%d", key, e.Version), Topic: e.Entity + "." + string(e.Action),
		Key: key, Seq: e.Version, At: e.At, Actor: e.Actor, Entry: &e,
	}
}

// Subscription says which events a subscriber is told: those of the topics,
// each of which is "complaint.created" or, for all of one source,
// "complaint.*".
type Subscription struct {
	Subscriber string // see SubscriberKind
	Topics     []string
}

// Wants says whether the subscription concerns an event. A change of a record
// that has a role concerns the topics of the role too: "customer.*" is about
// the parties that were customers before the change or are after it.
func (s Subscription) Wants(e Event) bool {
	var roles []string
	if e.Entry != nil {
		roles = e.Entry.Roles
	}
	return slices.ContainsFunc(s.Topics, func(topic string) bool { return naming.TopicFits(topic, e.Topic, roles) })
}

// Delivery is an event on its way to one subscriber. It waits until it is
// acknowledged, which removes it, or becomes a dead letter.
type Delivery struct {
	Subscriber string
	Event      Event
	Attempts   int       // that have failed
	Due        time.Time // it is not delivered before
	LastError  string    // what the last failed attempt ended with; "" for none
	DeadAt     time.Time // when it was given up; zero while it is waiting
}

// Backlog is what lies ready for one subscriber.
type Backlog struct {
	Subscriber string
	Waiting    int
	Dead       int
	OldestDue  time.Time // of those that wait; zero for none
	LastError  string    // what the last attempt of one that waits ended with; "" when none has failed
}
