package snapshot

import (
	"context"
	"iter"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mailing"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/contract/wording"
	"github.com/openxrm/xrm/sdk/naming"
)

// Contribution is what a plugin adds, in the words of the core. It stays valid
// while the plugin is down. It is never changed.
type Contribution struct {
	Plugin       string
	Version      string
	Entities     []schema.Source
	BeforeSave   []string // names of entities or roles
	BeforeDelete []string // names of entities or roles
	Operations   []Operation
	Fields       []ComputedField
	Topics       []string // that it subscribes to: "order.created", "customer.*"
	Jobs         []Job
	Endpoints    []Endpoint
	Pages        []Page
	Services     []string          // that go on, each on one instance
	Timers       []string          // names of the timers that it handles
	Mails        []mailing.File    // templates of mails that it sends
	Texts        wording.Catalog   // what it says in other languages than English
	Mentions     []mention.Mention // of entities and roles, in all of the above but Entities
	Asked        []mention.Mention // of entities whose records it was granted, where the manifest asks for them
	PartyData    PartyData
	Rights       access.PluginRights
	Granted      []string // all that it was granted, for people, a line each

	Recalled bool // known from an earlier run, in which it was held against its Rights
	Bare     bool // nothing is left that the model or the API would have to have a place for
	Retired  bool // it was disabled or removed: nothing but its entities, and what it says about parties, is left

	// Migrated says that the records of its entities have the form that these say, or
	// are read by nobody before they have. So they are not held against what is stored.
	Migrated bool

	By Contributor // carries out what is declared; nil only where nothing is
}

// Contributor carries out the operations and fields of its contributions, with
// the rights of the actor and on the basis that the request started with. Its
// errors are for users. Safe for concurrent use.
type Contributor interface {
	// Call carries out a query or mutation and returns its result, in the canonical
	// form and of the type that the operation has; nil for none. A nil argument is
	// an explicit null. Of all calls with one key one is carried out that does not fail,
	// and gives its answer to the others.
	Call(ctx context.Context, on record.Basis, a core.Actor, op Operation, arguments map[string]any, key record.Key) (any, error)

	// Subscribe gives the results of a subscription as they come, each as Call
	// does, until ctx ends, and an error as the last.
	Subscribe(ctx context.Context, on record.Basis, a core.Actor, op Operation, arguments map[string]any) iter.Seq2[any, error]

	// Resolve computes a field for many records at once. It returns one value for
	// each of the parents, in order: in the canonical form, nil for none.
	Resolve(ctx context.Context, on record.Basis, a core.Actor, field ComputedField, parents []*core.Record) ([]any, error)
}

// PartyData says what becomes of what a plugin keeps about a party when it is
// merged, handed out or erased.
type PartyData struct {
	Said    bool // it says so at all
	Handled bool // it keeps something outside of records, is told, and hands it out
}

// Job is something that a plugin does by the clock.
type Job struct {
	Plugin   string
	Name     string
	Schedule string // cron, "@daily", "@every 10m"
	TimeZone string // IANA; "" for UTC
	Doc      string
}

// Endpoint is a kind of HTTP request that a plugin answers.
type Endpoint struct {
	Method string // "" for every method
	Path   string // below /plugins/NAME; with a slash at its end everything below
	Doc    string
}

// Fits says whether the endpoint answers a request.
func (e Endpoint) Fits(method, path string) bool {
	return naming.EndpointFits(e.Method, e.Path, method, path)
}

// Operation is a query, mutation or subscription of the API. Arguments and
// result are fields of the entity language: a reference is the id of a record,
// which whoever shows it reads with the rights of the actor, so that a plugin
// shows nobody what is hidden. An argument of type reference without To is any
// id. Result is never required.
type Operation struct {
	Plugin       string
	Name         string
	Mutation     bool
	Subscription bool
	Doc          string
	Needs        []string // what a user must be allowed to do to start it: "complaint.update"; see record.Policy
	ForEverybody bool     // whatever a user is allowed to do
	Arguments    schema.Fields
	Result       *schema.Field
}

// NotAllowed refuses the operation to a user who may not start it.
func (op Operation) NotAllowed() error {
	return &core.Error{Code: core.Forbidden, Message: "Your roles do not allow " + op.Name + "; ask an administrator."}
}

// ComputedField is a field that its contributor computes. Field.Name is its
// name; its type is as with the result of an Operation.
type ComputedField struct {
	Plugin string
	Entity string // entity or role
	Field  *schema.Field
}

// Layer is what the plugin's entities have in schema.Entity.Layer.
func (c Contribution) Layer() string { return mention.Layer(c.Plugin) }

// Data is what stays of a contribution when its plugin must not run: its entities,
// and its fields of others' entities, which bind no record any more.
func (c Contribution) Data() Contribution {
	left := slices.Clone(c.Entities)
	for i := range left {
		left[i].Gone = true
	}
	return Contribution{
		Plugin: c.Plugin, Version: c.Version, Entities: left, PartyData: c.PartyData, Migrated: c.Migrated,
		Rights: access.PluginRights{Plugin: c.Plugin, Layer: c.Layer()}, Recalled: c.Recalled, Retired: true, By: c.By,
	}
}

// Remainder is what holds of a contribution that does not fit any more: its rules
// and what else waits for its plugin, or what a plugin that must not run says about
// parties. Nothing of it can be refused for its place in the model or the API.
func (c Contribution) Remainder() Contribution {
	left := Contribution{
		Plugin: c.Plugin, Version: c.Version, PartyData: c.PartyData, Rights: access.PluginRights{Plugin: c.Plugin},
		Recalled: c.Recalled, Retired: c.Retired, Bare: true, By: c.By,
	}
	if !c.Retired {
		left.BeforeSave, left.BeforeDelete, left.Topics, left.Endpoints = c.BeforeSave, c.BeforeDelete, c.Topics, c.Endpoints
	}
	return left
}
