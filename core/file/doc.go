// Package file keeps the files of records: takes uploads, lets drafts take them into
// fields, opens them for who may read the field, and removes what no record has.
//
// A file is loose while it is not sure that a record has it. Then there is a note about
// it, and a timer that looks a day later: see [Service.Look]. The decision about all of
// this is in core/decisions.
package file
