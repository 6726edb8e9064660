// Package scaffold writes new plugins: programs that do little, but that are
// complete, pass their own tests and speak the protocol.
package scaffold
