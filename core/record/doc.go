// Package record is the one read path and the one write path: every door,
// GraphQL, plugins and jobs, goes through Service. It does not know what a
// client, a database or a plugin's process looks like; it calls the ports in
// ports.go.
package record
