// Package rehearsal lets the tests of a plugin in any language have what those in Go
// have: a plugintest.Host, which they move by lines of JSON. A line asks for one thing,
// and is answered by one; several may be on their way. What a test in Go would end with
// is an answer too.
package rehearsal
