// Package client talks GraphQL to an xrm server over HTTP, for the commands
// that work on a running server. It waits and tries again while the server is
// away, and turns what can go wrong on the way into sentences that say what
// to do. It is not a library for programs outside.
package client
