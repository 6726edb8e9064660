// Package schema is the language in which entities are described: what an
// entity is, whether values and their changes fit it, which filter matches them,
// and in which order they come. Shipped, plugin and site definitions are the same
// YAML, read by the same loader.
//
// The package is pure: it knows no clock, no network and no database, and
// all it returns is safe for concurrent reading. It does not store records
// (core/mongo, core/sqlite) and does not decide rights (core/access).
package schema
