// Package party does what concerns a party as a whole: it merges duplicates,
// hands out all that is kept about one, and erases it. It is made of the reads
// and writes of core/record and knows no store; what plugins keep elsewhere it
// asks for through a port.
package party
