// Package pluginpb is the wire between the host and a plugin, and nothing else:
// plugin.proto, the code generated from it by generate.sh, the handshake, and the
// codec for canonical values.
//
// Authors of Go plugins use package sdk instead; authors in other languages start
// from plugin.proto. Nothing in here may be removed or renumbered. How names on the
// wire are read is in sdk/naming, what hosts decide in sdk/contract.
package pluginpb
