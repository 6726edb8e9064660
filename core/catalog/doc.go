// Package catalog knows which entities exist right now: the shipped ones,
// those of the plugins and those of the site, as immutable snapshots. A
// request keeps the snapshot that it started with; a change swaps in a new
// one, once whatever depends on it is prepared.
package catalog
