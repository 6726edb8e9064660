// Package core holds the nouns that the engine's packages share: Record,
// Change, Entry, Event, Query, Actor, Key, Plugin, Timer, JobRun and Error, and
// what each can say of itself. What happens to them is in core/record (the
// pipelines), core/access (rights), core/journal (delivery), core/schedule
// (what is due) and the stores.
package core
