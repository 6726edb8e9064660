// Package broadcast hands what plugins broadcast to those who listen, on every
// instance of a database.
//
// Instances find it in the store, several times a second while somebody listens and
// never otherwise. It is no queue: who did not listen is not told, and who does not keep
// up is told that something was missed.
package broadcast
