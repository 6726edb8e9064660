// Package journal delivers what was committed: it moves the entries that lie
// in the records' own documents to the journal, at least once and in the
// order of each record. It decides nothing about the entries and does not
// make them: core derives them from a change, a store commits them.
package journal
