// Package schema is the language in which entities are described: what an
// entity is, whether values fit it, and which filter matches them. Shipped,
// plugin and site definitions are the same YAML, read by the same loader.
//
// The package is pure: it knows no clock, no network and no database, and
// all it returns is safe for concurrent reading. It does not store records
// (core/mongo, core/sqlite) and does not decide rights (core/access).
package schema
