package sqlite

import (
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// encodeEvent writes an event: of a change its entry, which says all, and of
// anything else its parts.
func encodeEvent(e core.Event) (string, error) {
	object := map[string]any{"id": e.ID, "topic": e.Topic, "key": e.Key, "seq": e.Seq, "at": schema.Instant(e.At), "actor": actorObject(e.Actor), "payload": string(e.Payload)}
	if e.Entry != nil {
		object = entryObject(*e.Entry)
		object["entity"], object["record"], object["version"] = e.Entry.Entity, e.Entry.RecordID, e.Entry.Version
	}
	document, err := encode(object)
	if err != nil {
		return "", fmt.Errorf("write the event %s: %w", e.ID, err)
	}
	return document, nil
}

func decodeEvent(document string) (core.Event, error) {
	values, err := decodeObject(document)
	if err != nil {
		return core.Event{}, fmt.Errorf("read an event: %w", err)
	}
	if topic := text(values["topic"]); topic != "" {
		e := core.Event{ID: text(values["id"]), Topic: topic, Key: text(values["key"]), Actor: readActor(values), Payload: []byte(text(values["payload"]))}
		e.Seq, _ = values["seq"].(int64)
		e.At, err = time.Parse(schema.InstantFormat, text(values["at"]))
		return e, err
	}
	entry := core.Entry{Entity: text(values["entity"]), RecordID: text(values["record"])}
	entry.Version, _ = values["version"].(int64)
	err = readEntry(values, &entry)
	return entry.Event(), err
}
