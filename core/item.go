package core

import "time"

// ItemKind is a sort of things that a database keeps and a backup has.
type ItemKind string

// The kinds. The journal is read by its positions, all others as they lie there.
const (
	RecordItem       ItemKind = "record"
	EntryItem        ItemKind = "entry"
	DeliveryItem     ItemKind = "delivery"
	SubscriptionItem ItemKind = "subscription"
	TimerItem        ItemKind = "timer"
	JobRunItem       ItemKind = "jobRun"
	StateItem        ItemKind = "state"
	CounterItem      ItemKind = "counter"
	PluginItem       ItemKind = "plugin"
	DefinitionsItem  ItemKind = "definitions"
)

// Item is one thing of a database as a backup has it: exactly one of its parts is
// set. In the values of a record may be Typed. The event of a delivery that is about
// a change has of its Entry only which one it is.
type Item struct {
	Record       *Record
	Entry        *Entry
	Delivery     *Delivery
	Subscription *Subscription
	Timer        *Timer
	JobRun       *JobRun
	State        *State
	Counter      *Counter
	Plugin       *Registration
	Definitions  *Definitions // one at most
}

// Kind says which part is set; "" for none.
func (i Item) Kind() ItemKind {
	switch {
	case i.Record != nil:
		return RecordItem
	case i.Entry != nil:
		return EntryItem
	case i.Delivery != nil:
		return DeliveryItem
	case i.Subscription != nil:
		return SubscriptionItem
	case i.Timer != nil:
		return TimerItem
	case i.JobRun != nil:
		return JobRunItem
	case i.State != nil:
		return StateItem
	case i.Counter != nil:
		return CounterItem
	case i.Plugin != nil:
		return PluginItem
	case i.Definitions != nil:
		return DefinitionsItem
	}
	return ""
}

// Latest is a record as it is now, and those of its entries that the relay has not
// moved yet, from the oldest on.
type Latest struct {
	Record  *Record
	Pending []Entry
}

// State is a value that a plugin has left with the core.
type State struct {
	Plugin  string
	Key     string
	Version int64
	Expires time.Time // to the millisecond; zero for never
	Value   []byte
}

// Counter is the last number that was drawn of a counter.
type Counter struct {
	Name string
	Last int64
}
