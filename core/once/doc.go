// Package once carries out what has an idempotency key and is no single write: it lets one
// at a time of those with a key go ahead, and gives the first answer again. What is a
// write keeps its key itself, see record.Key.
package once
