package backup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// parse reads a line as write has written it.
func parse(text []byte) (line, error) {
	var l line
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(&l); err != nil {
		return line{}, errors.New("it is not what xrm writes")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return line{}, errors.New("there is something behind it")
	}
	parts := 0
	for _, there := range []bool{
		l.Header != nil, l.Record != nil, l.Entry != nil, l.Delivery != nil, l.Subscription != nil, l.Timer != nil,
		l.JobRun != nil, l.State != nil, l.Counter != nil, l.Plugin != nil, l.Definitions != nil, l.Content != nil, l.End != nil, l.SHA256 != "",
	} {
		if there {
			parts++
		}
	}
	if parts != 1 {
		return line{}, errors.New("it is not one thing")
	}
	return l, l.settle()
}

// settle gives values their canonical Go types, and wants things to be whole.
func (l *line) settle() error {
	switch {
	case l.Record != nil:
		return l.Record.settle()
	case l.Entry != nil:
		return l.Entry.settle()
	case l.Delivery != nil && (l.Delivery.Change == nil) == (l.Delivery.Event == nil):
		return errors.New("it is half a delivery")
	case l.Content != nil && (uuid.Validate(l.Content.File) != nil || len(l.Content.File) != 36 || l.Content.N < 0 || len(l.Content.Data) > core.ContentPartSize):
		return errors.New("it is no part of a file")
	}
	return nil
}

func (l *recordLine) settle() error {
	values, err := canonical(l.Values)
	if err != nil {
		return fmt.Errorf("%s %s: %w", l.Entity, l.ID, err)
	}
	l.Values, _ = values.(map[string]any)
	if l.Values == nil || l.Entity == "" || l.ID == "" || l.Version < 1 || strings.ContainsAny(l.Entity, ".$") {
		return errors.New("it is half a record")
	}
	return nil
}

func (l *entryLine) settle() error {
	if l.Entity == "" || l.Record == "" || l.Version < 1 || l.Position < 1 {
		return errors.New("it is half an entry")
	}
	for i := range l.Diffs {
		d := &l.Diffs[i]
		for _, side := range []*any{&d.From, &d.To} {
			value, err := canonical(*side)
			if err != nil {
				return fmt.Errorf("the entry at %d: %w", l.Position, err)
			}
			*side = core.Plain(value)
		}
	}
	return nil
}

// canonical is a value of JSON in the form that the engine has.
func canonical(value any) (any, error) {
	switch v := value.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return nil, fmt.Errorf("%.40s is no number of 64 bits", v)
		}
		return n, nil
	case string:
		if !schema.IsText(v) {
			return nil, errors.New("a text is no valid UTF-8")
		}
	case []any:
		for i, item := range v {
			inner, err := canonical(item)
			if err != nil {
				return nil, err
			}
			v[i] = inner
		}
	case map[string]any:
		return canonicalObject(v)
	}
	return value, nil
}

// canonicalObject is an object, or the text that it says the type of.
func canonicalObject(object map[string]any) (any, error) {
	for name, item := range object {
		inner, err := canonical(item)
		if err != nil {
			return nil, err
		}
		if kind, isType := strings.CutPrefix(name, typeMark); isType {
			text, isText := inner.(string)
			if len(object) != 1 || !isText || kind != "decimal" && kind != "datetime" {
				return nil, fmt.Errorf("%.40s is no type of a value", name)
			}
			return core.Typed{Type: kind, Text: text}, nil
		}
		object[name] = inner
	}
	return object, nil
}

// item is what a line that is one is about.
func (l line) item() core.Item {
	switch {
	case l.Record != nil:
		r := l.Record
		return core.Item{Record: &core.Record{
			Entity: r.Entity, ID: r.ID, Version: r.Version, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy,
			UpdatedAt: r.UpdatedAt, UpdatedBy: r.UpdatedBy, DeletedAt: r.DeletedAt, Values: r.Values,
		}}
	case l.Entry != nil:
		e := l.Entry
		diffs := make([]core.Diff, len(e.Diffs))
		for i, d := range e.Diffs {
			diffs[i] = core.Diff(d)
		}
		return core.Item{Entry: &core.Entry{
			Position: e.Position, Entity: e.Entity, RecordID: e.Record, Version: e.Version, Action: e.Action,
			At: e.At, Actor: core.Actor(e.Actor), Roles: e.Roles, Diffs: diffs,
		}}
	case l.Delivery != nil:
		return core.Item{Delivery: l.Delivery.delivery()}
	case l.Subscription != nil:
		return core.Item{Subscription: (*core.Subscription)(l.Subscription)}
	case l.Timer != nil:
		return core.Item{Timer: (*core.Timer)(l.Timer)}
	case l.JobRun != nil:
		return core.Item{JobRun: (*core.JobRun)(l.JobRun)}
	case l.State != nil:
		return core.Item{State: (*core.State)(l.State)}
	case l.Counter != nil:
		return core.Item{Counter: (*core.Counter)(l.Counter)}
	case l.Plugin != nil:
		r := l.Plugin.Is
		r.Plugin, r.Generation = l.Plugin.Name, l.Plugin.Generation
		return core.Item{Plugin: &r}
	case l.Definitions != nil:
		d := &core.Definitions{Gone: l.Definitions.Gone}
		for _, s := range l.Definitions.Sources {
			d.Sources = append(d.Sources, schema.Source{Layer: s.Layer, File: s.File, Data: []byte(s.Text), Gone: s.Gone})
		}
		return core.Item{Definitions: d}
	case l.Content != nil:
		return core.Item{Content: (*core.ContentPart)(l.Content)}
	}
	return core.Item{}
}

func (l deliveryLine) delivery() *core.Delivery {
	d := &core.Delivery{Subscriber: l.Subscriber, Attempts: l.Attempts, Due: l.Due, LastError: l.Error, DeadAt: l.DeadAt}
	switch {
	case l.Change != nil:
		d.Event = core.Entry{Entity: l.Change.Entity, RecordID: l.Change.Record, Version: l.Change.Version}.Event()
	case l.Event != nil:
		e := l.Event
		d.Event = core.Event{ID: e.ID, Topic: e.Topic, Key: e.Key, Seq: e.Seq, At: e.At, Actor: core.Actor(e.Actor), Payload: e.Payload}
	}
	return d
}
