// Package journal delivers what was committed. A commit leaves its entry
// pending beside the record, in one atomic write; the relay moves it to the
// journal, where it has one position among all there are and is read by
// history and by cursors, and enqueues it for those who have subscribed to such
// events. The dispatcher hands it to them.
//
// It does not make entries (core.Change does) and decides nothing: whatever
// was committed is delivered, at least once.
package journal
