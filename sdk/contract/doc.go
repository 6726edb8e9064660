// Package contract is what every host of plugins decides alike, in the same words:
// what may stand in a description, what a plugin may ask, and how that is read. The
// server (core/pluginhost), plugintest and the conformance checks use it, so that a
// plugin which is right in a test is right in the server. It keeps nothing and runs
// nothing. Plugins do not link it: what both sides need is in sdk/naming and
// sdk/pluginpb.
package contract
