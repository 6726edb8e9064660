// Package mongo keeps records in MongoDB, one collection for each entity. It
// needs only what a standalone server, a cluster and the compatible engines
// all do: no transactions, change streams, joins or text indexes. A change,
// its history entry and its event are one update of one document; the entry
// waits in the record's document until the relay has moved it to the journal.
//
// It does not know who may see a record (core/access) nor whether its values
// fit the entity (schema).
package mongo
