// Package conformance checks a plugin from the outside, as the host meets it:
// a program, its handshake, its socket. It knows neither the language that the
// plugin is written in nor the SDK, and is no test of what the plugin is for.
package conformance
