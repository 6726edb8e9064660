// Package journal delivers what was committed. A commit leaves its entry
// pending beside the record, in one atomic write; the relay moves it to the
// journal, from which history, events and feeds are read.
//
// It does not make entries (core.Change does) and decides nothing: whatever
// was committed is delivered, at least once.
package journal
