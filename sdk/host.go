package sdk

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Host is what a handler may ask of the host. It lives as long as the call
// that it came with, acts with the rights that both the user who caused the
// call and the plugin have, and is safe for concurrent use. Refusals are an
// *Error; one of the plugin's own rights names the line that its manifest lacks.
//
// Where nobody caused the call, in events, jobs, timers and HTTP, it acts for
// the plugin alone, which has to be granted asPlugin for that.
type Host interface {
	// Get reads one record.
	Get(ctx context.Context, entity, id string) (*Record, error)
	// Find reads the records that match, page by page until q.Limit.
	Find(ctx context.Context, q Criteria) ([]*Record, error)
	// Each reads the records that match one after the other, however many there
	// are, in one stream. It ends with the first error.
	Each(ctx context.Context, q Criteria) iter.Seq2[*Record, error]
	// FindPage returns some of the records that match, q.Limit of them at most, and
	// where those behind them begin.
	FindPage(ctx context.Context, q Criteria) (Page, error)
	// Aggregate counts and sums up the records that match without reading them.
	// The groups are sorted by their keys.
	Aggregate(ctx context.Context, q Aggregation) ([]Group, error)
	// Create stores a new record of r.Entity and returns it as stored.
	Create(ctx context.Context, r *Record) (*Record, error)
	// Update stores what was changed in r.Values since r was read, and returns
	// the record as stored. It is refused with CodeConflict if somebody else has
	// changed the record in the meantime. For a record that was not read but
	// made with its ID, every value is a change, nil clears, and Version may be 0
	// for whatever version there is.
	Update(ctx context.Context, r *Record) (*Record, error)
	// UpdateIf changes a record only if it matches the guard, on the very
	// version that the change replaces, and is refused with CodeConflict otherwise.
	// It is how a counter is taken from without going below zero:
	//
	//	host.UpdateIf(ctx, "coupon", id, sdk.Filter{"remaining": sdk.Filter{"gte": 1}},
	//		sdk.Change{Add: map[string]sdk.Decimal{"remaining": "-1"}})
	UpdateIf(ctx context.Context, entity, id string, guard Filter, change Change) (*Record, error)
	// Transition moves a record to another state of its field of type state. It
	// is refused with CodeInvalid when there is no such way, and with CodeConflict when
	// the record is in none of the states from, if any are given: of many who move
	// it at the same time, one does. Without them, one that is there already
	// stays as it is.
	Transition(ctx context.Context, entity, id, to string, from ...string) (*Record, error)
	// Upsert updates the record that has the value of r for the unique field by,
	// and creates one if there is none: doing it twice is doing it once.
	Upsert(ctx context.Context, r *Record, by string) (*Record, error)
	// Batch makes several writes of any entities, all of them or none, and returns
	// the records as stored, in order. It is refused with the error of a write that
	// cannot be made, which the message names. Nobody sees some of them without the
	// others, and none is made twice for one key:
	//
	//	host.Batch(ctx, sdk.Batch{Key: e.ID, Writes: []sdk.Write{
	//		sdk.UpdateIf("coupon", id, sdk.Filter{"remaining": sdk.Filter{"gte": 1}},
	//			sdk.Change{Add: map[string]sdk.Decimal{"remaining": "-1"}}),
	//		sdk.Create(&sdk.Record{Entity: "redemption", Values: map[string]any{"coupon": id}}),
	//	}})
	Batch(ctx context.Context, b Batch) ([]*Record, error)
	// Delete deletes a record, softly. ifVersion is as in Record.Version; 0 for
	// whatever version there is.
	Delete(ctx context.Context, entity, id string, ifVersion int64) error

	// Publish tells an event to all who subscribe to PLUGIN.NAME, durably. Events
	// of one key come in order; "" for no order.
	Publish(ctx context.Context, name, key string, payload any) error
	// Broadcast tells a value of up to 16 KiB to all who listen to a topic of this plugin
	// at the moment, on whatever instance of xrm, in order. Nothing keeps it: who comes later
	// reads what is stored. What must not be lost is an event.
	Broadcast(ctx context.Context, topic string, value any) error
	// Listen hears what is broadcast on a topic, as the function Listen does, which
	// reads the values.
	Listen(ctx context.Context, topic string) (iter.Seq2[json.RawMessage, error], error)
	// SendMail queues a mail at the mail server of the site; what becomes of it, its record
	// says, of the entity mail. Of all mails with one key one is sent. needs of the manifest
	// has to have mail: true. It is refused with CodeUnavailable where the site has no
	// mail server.
	SendMail(ctx context.Context, m Mail) (MailSent, error)
	// OpenFile reads a file that a record has in a field of type file, as a stream; file is
	// its ID there. It is refused with CodeNotFound for who may not read that field.
	OpenFile(ctx context.Context, entity, id, file string) (*FileReader, error)
	// UploadFile keeps what a reader gives, as a stream, and returns what was kept. Its ID
	// goes into a field of type file of a record that is saved by the same user, or by the
	// plugin if it has acted for itself. What no record has taken is gone after a day.
	UploadFile(ctx context.Context, name string, content io.Reader) (File, error)
	// Schedule sets a timer, or moves the one of its name and key.
	Schedule(ctx context.Context, t Timer) error
	// Cancel removes a timer, and says whether there was one.
	Cancel(ctx context.Context, name, key string) (bool, error)

	// State reads a value that the plugin has kept, into what it points at, and
	// returns its version: 0 for none, when into is left alone.
	State(ctx context.Context, key string, into any) (version int64, err error)
	// PutState keeps what JSON can say of a value, for this plugin alone, over
	// the version given: 0 for where there is none, AnyVersion for over
	// whatever there is. It is refused with CodeConflict otherwise. expires is how
	// long it is kept; 0 for ever.
	PutState(ctx context.Context, key string, value any, ifVersion int64, expires time.Duration) (version int64, err error)
	// DeleteState removes a value of a version, as PutState replaces it.
	DeleteState(ctx context.Context, key string, ifVersion int64) error
	// Secret reads a secret that the manifest names. What the plugin prints is
	// cleared of it.
	Secret(ctx context.Context, name string) (string, error)

	// DueAfter is the instant at which so much working time has passed since from, by
	// a calendar of the site. It is refused with CodeInvalid if there is none of the
	// name. See Clock for what is paused meanwhile.
	DueAfter(ctx context.Context, calendar string, from time.Time, work time.Duration) (time.Time, error)
	// WorkTime is how much working time lies between two instants, by a calendar of the
	// site; less than 0 if to is the earlier one.
	WorkTime(ctx context.Context, calendar string, from, to time.Time) (time.Duration, error)
	// NextOpen is the first instant from this one on that is working time in a calendar
	// of the site: this one itself where it is.
	NextOpen(ctx context.Context, calendar string, at time.Time) (time.Time, error)

	// Call carries out a query or mutation of another plugin, by its name in the API,
	// and reads the result into what it points at; nil for a result of no interest. A
	// record in it is its ID. The manifest names it under needs.operations, and whoever
	// acts must be allowed to start it. Its refusals are those of the operation;
	// CodeUnavailable where no plugin offers it now.
	Call(ctx context.Context, operation string, arguments map[string]any, into any) error

	// HTTP sends requests to the hosts that needs.connections of the manifest covers,
	// and follows redirects to these. A host that has not been approved is refused with
	// CodeForbidden, one that cannot be reached with CodeUnavailable; errors.As finds the
	// *Error. Requests end with the call. There is no proxy and no client certificate.
	HTTP() *http.Client
	// Dial opens the TCP connection of that name in needs.connections. It ends with
	// ctx, and with the call at the latest; RemoteAddr is HOST:PORT. For TLS, give it
	// to tls.Client. The errors are as in HTTP.
	Dial(ctx context.Context, name string) (net.Conn, error)

	// Log writes to the host's log; args are those of slog. It never fails: what
	// cannot be sent goes to standard error, which the host logs too.
	Log(ctx context.Context, level slog.Level, message string, args ...any)

	// IdempotencyKey says which request a mutation carries out, where the user gave it a
	// key; "" otherwise. It is the same at every attempt and that of no other request:
	// whoever was killed in the middle is called once more with it. What is written by
	// a Batch with this key is written once.
	IdempotencyKey() string
	// User is who caused the call; nil where nobody did.
	User() *User
	// AsPlugin is the Host with the rights of the plugin alone, whatever the
	// user may do. The plugin must be granted asPlugin.
	AsPlugin() Host
	// Now is the time; in a test with plugintest.Host, that of its clock.
	Now() time.Time
}

// AnyVersion is over whatever version there is, in PutState and DeleteState.
const AnyVersion int64 = -1

// Filter is a filter as in the API:
//
//	sdk.Filter{"customer": sdk.Filter{"in": ids}, "state": sdk.Filter{"ne": "closed"}}
type Filter map[string]any

// Criteria select records.
type Criteria struct {
	Entity  string
	Filter  Filter   // nil: every record
	Search  string   // words, each the beginning of a word in a searchable field; "": no search
	OrderBy []string // fields; "-createdAt" is descending. Empty: by id
	After   string   // Page.Next of the page before, with the same order; "": from the first record on
	Limit   int      // most records wanted; 0: all of them, in a page as many as the host allows
}

// Page is a part of what matches.
type Page struct {
	Records []*Record
	Next    string // for Criteria.After; "" where there are no more. It holds for days, and may go to a client
}

// Change says what is to become of a record.
type Change struct {
	Set map[string]any     // nil clears a field, what is absent stays
	Add map[string]Decimal // to integers and decimals; "-1" takes away
}

// Aggregation says what to know about which records.
type Aggregation struct {
	Entity   string
	Filter   Filter   // nil: every record
	Items    string   // a list whose items are counted instead of the records: "lines"
	By       []string // fields to group by, "lines.product" of items; empty: one group of all
	Measures []Measure
}

// Measure is one number about each group. It is made by Sum, Avg, Min and Max of
// a field, "lines.quantity", or of a part of one, "total.amount".
type Measure struct {
	function pluginpb.Measure_Function
	field    string
}

// Sum adds up the values of a field, exactly.
func Sum(field string) Measure { return Measure{pluginpb.Measure_SUM, field} }

// Avg is the average of the values of a field, rounded half to even.
func Avg(field string) Measure { return Measure{pluginpb.Measure_AVG, field} }

// Min is the smallest value of a field.
func Min(field string) Measure { return Measure{pluginpb.Measure_MIN, field} }

// Max is the largest value of a field.
func Max(field string) Measure { return Measure{pluginpb.Measure_MAX, field} }

// Group is the records that have the same values in the fields of By. Keys and
// Values are canonical, in the order of By and Measures; nil for no value. What is
// measured has the type of its field; an average is a decimal, and so is a sum of
// integers that no int64 holds.
type Group struct {
	Keys   []any
	Count  int64
	Values []any
}

// Int returns the measure of that index, of integers; 0 for no value.
func (g Group) Int(measure int) int64 {
	n, _ := g.Values[measure].(int64)
	return n
}

// Decimal returns the measure of that index, of any numbers; "" for no value.
func (g Group) Decimal(measure int) Decimal { return decimalOf(g.Values[measure]) }
