package mongo

import (
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// encodeEvent writes what a delivery's document does not say already: of a
// change its entry, and of anything else its parts.
func encodeEvent(e core.Event) bson.D {
	if e.Entry != nil {
		return bson.D{
			{Key: "entity", Value: e.Entry.Entity},
			{Key: "record", Value: e.Entry.RecordID},
			{Key: "entry", Value: encodeEntry(*e.Entry)},
		}
	}
	return bson.D{
		{Key: "topic", Value: e.Topic},
		{Key: "at", Value: bson.NewDateTimeFromTime(e.At)},
		{Key: "actor", Value: encodeActor(e.Actor)},
		{Key: "payload", Value: string(e.Payload)},
	}
}

func decodeEvent(raw bson.Raw) (core.Event, error) {
	if entry, ok := raw.Lookup("entry").DocumentOK(); ok {
		e, err := decodeEntry(raw.Lookup("entity").StringValue(), raw.Lookup("record").StringValue(), entry)
		return e.Event(), err
	}
	actor, err := decodeObject(raw.Lookup("actor").Document())
	if err != nil {
		return core.Event{}, fmt.Errorf("read an event: %w", err)
	}
	return core.Event{
		ID: raw.Lookup("event").StringValue(), Topic: raw.Lookup("topic").StringValue(),
		Key: raw.Lookup("key").StringValue(), Seq: raw.Lookup("seq").AsInt64(),
		At: time.UnixMilli(raw.Lookup("at").DateTime()).UTC(), Actor: decodeActor(actor),
		Payload: []byte(raw.Lookup("payload").StringValue()),
	}, nil
}
