// Package sqlite keeps records in one SQLite file, or in memory: the store of
// a first run, of a small installation and of the tests. It keeps the same
// contract as core/mongo (core/storetest).
//
// Each entity has a table with one row for each record: system fields as
// columns, the values as canonical JSON in doc. Indexes on expressions over
// doc serve the fields that hold one value; what holds several (lists, the
// words of the search) has its values in a table of terms beside it. A change
// and its journal entry are written in one transaction. Who may begin the next
// one is decided by core/fairqueue.
//
// It does not know who may see a record (core/access) nor whether its values
// fit the entity (schema).
package sqlite
