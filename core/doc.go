// Package core holds the nouns that the engine's packages share: Record,
// Change, Entry, Event, Query, Actor, Key, Plugin and Error, and what each can
// say of itself. What happens to them is in core/record (the pipelines),
// core/access (rights), core/journal (delivery) and the stores.
package core
