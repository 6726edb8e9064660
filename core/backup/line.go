package backup

import (
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// typeMark is what the name of a type begins with where a value is core.Typed.
const typeMark = "$"

// line is a line of the file: exactly one of its parts is set.
type line struct {
	Header       *Header           `json:"xrm,omitempty"`
	Record       *recordLine       `json:"record,omitempty"`
	Entry        *entryLine        `json:"entry,omitempty"`
	Delivery     *deliveryLine     `json:"delivery,omitempty"`
	Subscription *subscriptionLine `json:"subscription,omitempty"`
	Timer        *timerLine        `json:"timer,omitempty"`
	JobRun       *jobRunLine       `json:"jobRun,omitempty"`
	State        *stateLine        `json:"state,omitempty"`
	Counter      *counterLine      `json:"counter,omitempty"`
	Plugin       *pluginLine       `json:"plugin,omitempty"`
	Definitions  *definitionsLine  `json:"definitions,omitempty"`
	Content      *contentLine      `json:"content,omitempty"`
	End          *Contents         `json:"end,omitempty"`
	SHA256       string            `json:"sha256,omitempty"` // of all lines before it
}

type recordLine struct {
	Entity    string         `json:"entity"`
	ID        string         `json:"id"`
	Version   int64          `json:"version"`
	CreatedAt time.Time      `json:"createdAt"`
	CreatedBy string         `json:"createdBy"`
	UpdatedAt time.Time      `json:"updatedAt"`
	UpdatedBy string         `json:"updatedBy"`
	DeletedAt time.Time      `json:"deletedAt,omitzero"`
	Values    map[string]any `json:"values"`
}

type actorLine struct {
	ID    string   `json:"id"`
	Name  string   `json:"name,omitempty"`
	Roles []string `json:"roles,omitempty"`
	Party string   `json:"party,omitempty"`
	Via   string   `json:"via,omitempty"`
}

type entryLine struct {
	Position int64       `json:"position"`
	Entity   string      `json:"entity"`
	Record   string      `json:"record"`
	Version  int64       `json:"version"`
	Action   core.Action `json:"action"`
	At       time.Time   `json:"at"`
	Actor    actorLine   `json:"actor"`
	Roles    []string    `json:"roles,omitempty"`
	Diffs    []diffLine  `json:"diffs"`
}

type diffLine struct {
	Path string `json:"path"`
	From any    `json:"from,omitempty"`
	To   any    `json:"to,omitempty"`
}

// deliveryLine is of a change, which the journal has, or else of an event of its own.
type deliveryLine struct {
	Subscriber string      `json:"subscriber"`
	Change     *changeLine `json:"change,omitempty"`
	Event      *eventLine  `json:"event,omitempty"`
	Attempts   int         `json:"attempts,omitempty"`
	Due        time.Time   `json:"due"`
	Error      string      `json:"error,omitempty"`
	DeadAt     time.Time   `json:"deadAt,omitzero"`
}

type changeLine struct {
	Entity  string `json:"entity"`
	Record  string `json:"record"`
	Version int64  `json:"version"`
}

type eventLine struct {
	ID      string    `json:"id"`
	Topic   string    `json:"topic"`
	Key     string    `json:"key"`
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Actor   actorLine `json:"actor"`
	Payload []byte    `json:"payload"`
}

type subscriptionLine struct {
	Subscriber string   `json:"subscriber"`
	Topics     []string `json:"topics"`
}

type timerLine struct {
	Plugin   string    `json:"plugin"`
	Key      string    `json:"key"`
	DueAt    time.Time `json:"dueAt"`
	Payload  []byte    `json:"payload"`
	Attempts int       `json:"attempts,omitempty"`
	Rev      int64     `json:"rev"`
}

type jobRunLine struct {
	Plugin     string        `json:"plugin"`
	Job        string        `json:"job"`
	Schedule   string        `json:"schedule"`
	NextAt     time.Time     `json:"nextAt,omitzero"`
	Planned    time.Time     `json:"planned,omitzero"`
	StartedAt  time.Time     `json:"startedAt,omitzero"`
	FinishedAt time.Time     `json:"finishedAt,omitzero"`
	Outcome    core.Outcome  `json:"outcome"`
	Error      string        `json:"error,omitempty"`
	Canceling  bool          `json:"canceling,omitempty"`
	Progress   core.Progress `json:"progress"`
}

type stateLine struct {
	Plugin  string    `json:"plugin"`
	Key     string    `json:"key"`
	Version int64     `json:"version"`
	Expires time.Time `json:"expires,omitzero"`
	Value   []byte    `json:"value"`
}

type counterLine struct {
	Name string `json:"name"`
	Last int64  `json:"last"`
}

type pluginLine struct {
	Name       string            `json:"name"`
	Generation int64             `json:"generation"`
	Is         core.Registration `json:"is"`
}

// definitionsLine has each source as the text of a file.
type definitionsLine struct {
	Sources []sourceLine  `json:"sources"`
	Gone    []schema.Gone `json:"gone,omitempty"`
}

type sourceLine struct {
	Layer string `json:"layer"`
	File  string `json:"file"`
	Text  string `json:"text"`
	Gone  bool   `json:"gone,omitempty"`
}

// contentLine is a part of the content of a file.
type contentLine struct {
	File string `json:"file"`
	N    int    `json:"n"`
	Data []byte `json:"data"`
	End  bool   `json:"end,omitempty"`
}

// lineOf is the line of an item.
func lineOf(i core.Item) line {
	switch {
	case i.Record != nil:
		r := i.Record
		return line{Record: &recordLine{
			Entity: r.Entity, ID: r.ID, Version: r.Version, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy,
			UpdatedAt: r.UpdatedAt, UpdatedBy: r.UpdatedBy, DeletedAt: r.DeletedAt, Values: r.Values,
		}}
	case i.Entry != nil:
		e := i.Entry
		diffs := make([]diffLine, len(e.Diffs))
		for n, d := range e.Diffs {
			diffs[n] = diffLine(d)
		}
		return line{Entry: &entryLine{
			Position: e.Position, Entity: e.Entity, Record: e.RecordID, Version: e.Version, Action: e.Action,
			At: e.At, Actor: actorLine(e.Actor), Roles: e.Roles, Diffs: diffs,
		}}
	case i.Delivery != nil:
		return line{Delivery: lineOfDelivery(*i.Delivery)}
	case i.Subscription != nil:
		return line{Subscription: (*subscriptionLine)(i.Subscription)}
	case i.Timer != nil:
		return line{Timer: (*timerLine)(i.Timer)}
	case i.JobRun != nil:
		return line{JobRun: (*jobRunLine)(i.JobRun)}
	case i.State != nil:
		return line{State: (*stateLine)(i.State)}
	case i.Counter != nil:
		return line{Counter: (*counterLine)(i.Counter)}
	case i.Plugin != nil:
		return line{Plugin: &pluginLine{Name: i.Plugin.Plugin, Generation: i.Plugin.Generation, Is: *i.Plugin}}
	case i.Definitions != nil:
		l := &definitionsLine{Sources: make([]sourceLine, len(i.Definitions.Sources)), Gone: i.Definitions.Gone}
		for n, s := range i.Definitions.Sources {
			l.Sources[n] = sourceLine{Layer: s.Layer, File: s.File, Text: string(s.Data), Gone: s.Gone}
		}
		return line{Definitions: l}
	case i.Content != nil:
		return line{Content: (*contentLine)(i.Content)}
	}
	return line{}
}

func lineOfDelivery(d core.Delivery) *deliveryLine {
	l := &deliveryLine{Subscriber: d.Subscriber, Attempts: d.Attempts, Due: d.Due, Error: d.LastError, DeadAt: d.DeadAt}
	if e := d.Event.Entry; e != nil {
		l.Change = &changeLine{Entity: e.Entity, Record: e.RecordID, Version: e.Version}
		return l
	}
	e := d.Event
	l.Event = &eventLine{ID: e.ID, Topic: e.Topic, Key: e.Key, Seq: e.Seq, At: e.At, Actor: actorLine(e.Actor), Payload: e.Payload}
	return l
}
