// Package core holds the nouns that the engine's packages share: Record,
// Change, Actor, Query, Entry and Error. It has no behaviour of its own: what
// happens to them is in core/record (the pipelines), core/access (rights),
// core/journal (delivery) and the stores.
package core
