// Package budget bounds the bytes that requests hold at the same time: each by
// itself, those of one key together, and those of all keys. Whoever is about to
// hold something that a client made large (a body, records, an answer) takes its
// size first, from the request that the context belongs to, and is refused when
// there is no room; what was taken is given back as a whole when the request is
// over. It counts what stays in memory until then, not what passes through.
package budget
