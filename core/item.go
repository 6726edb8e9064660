package core

import (
	"errors"
	"io"
	"time"
)

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
	ContentItem      ItemKind = "content"
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
	Content      *ContentPart
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
	case i.Content != nil:
		return ContentItem
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

// ContentPart is a part of the content of a file. The parts of one come one after the other.
type ContentPart struct {
	File string
	N    int    // which one it is, from 0
	Data []byte // ContentPartSize bytes, but for the last part
	End  bool   // it is the last one
}

// ContentPartSize is how many bytes the parts of a content have.
const ContentPartSize = 255 << 10

// ContentParts calls each for the parts of a content.
func ContentParts(id string, from io.Reader, each func(Item) error) error {
	for n := 0; ; n++ {
		part := make([]byte, ContentPartSize)
		length, err := io.ReadFull(from, part)
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return err
		}
		if err := each(Item{Content: &ContentPart{File: id, N: n, Data: part[:length], End: end}}); err != nil || end {
			return err
		}
	}
}

// Counter is the last number that was drawn of a counter.
type Counter struct {
	Name string
	Last int64
}
