package sdk

import (
	"context"
	"io/fs"
)

// Plugin is everything that a plugin contributes. Only Name and Version are
// required.
type Plugin struct {
	// Name and Version are those in plugin.yaml. The name is of lower-case
	// letters, digits and hyphens.
	Name    string
	Version string

	// Entities holds definitions in the entity language, as *.yaml anywhere in
	// it; most often an embed.FS.
	Entities fs.FS

	// Mails holds templates of mails, NAME.LANGUAGE.txt and NAME.LANGUAGE.html anywhere in it,
	// for Host.SendMail; most often an embed.FS. A text begins with a line "Subject: ..."
	// and an empty one; the language is that of text/template and html/template.
	Mails fs.FS

	// Texts holds what the plugin says in other languages than English, LANGUAGE.yaml
	// anywhere in it; most often an embed.FS. Each maps the messages of its errors, and what
	// Doc says of operations and fields, to that language.
	Texts fs.FS

	// BeforeSave has a rule for each entity, its own or another's.
	BeforeSave map[string]SaveFunc

	// BeforeDelete has a rule for the deletions of each entity, its own or
	// another's.
	BeforeDelete map[string]DeleteFunc

	// Operations are queries, mutations and subscriptions in the API: see Query,
	// Mutation and Stream.
	Operations []Operation

	// Fields are computed fields on entities of any owner: see Computed.
	Fields []Field

	// Events are what the plugin does about what has happened: see On.
	Events []Subscription

	// PartyData says what becomes of what the plugin keeps about a party when
	// parties are merged, handed out or erased: OnlyRecords for most plugins. It is
	// required when an entity of the plugin refers to a party.
	PartyData *PartyData

	// Timeline has a function for each topic whose events belong into the
	// timelines of parties. The plugin needs the right to read, create and update
	// activities, and asPlugin.
	Timeline map[string]TimelineFunc

	// Migrations bring what former versions of the plugin have stored into the form of
	// this one, and back: see Migration.
	Migrations []Migration

	// Jobs run by the clock: see Cron.
	Jobs []Job

	// Services go on for as long as the plugin runs, each on one instance of xrm.
	Services map[string]ServiceFunc

	// Timers has a handler for each name under which Host.Schedule sets timers.
	Timers map[string]TimerFunc

	// Endpoints are HTTP requests that the plugin answers: see HTTP.
	Endpoints []Endpoint

	// Pages are what people see of the plugin in a browser: see NewWebPage.
	Pages []WebPage

	// Config is a *Config[T]; nil for a plugin without configuration.
	Config Configurable

	// Check is called every ten seconds, and says whether the plugin can do all
	// its work: its error is shown to admins as the reason why the plugin is
	// DEGRADED. It has five seconds. nil for a plugin that always can.
	Check func(ctx context.Context) error
}

// SaveFunc may change the values of a record that is about to be stored, or
// veto it with Reject. r.Before is what is stored now. It must not cause
// anything outside: the write may still fail for another reason. It has 300 ms
// unless the host is configured otherwise, and when it fails in any other way,
// the record is not stored.
type SaveFunc func(ctx context.Context, host Host, r *Record) error

// DeleteFunc may veto the deletion of a record with an error, as SaveFunc may
// that of a save. r is as it is stored; what is changed in it is ignored.
type DeleteFunc func(ctx context.Context, host Host, r *Record) error
