// Package pluginpb is the wire contract between the host and a plugin:
// plugin.proto, the code generated from it by generate.sh, and the codec for
// canonical values.
//
// Authors of Go plugins use package sdk instead; authors in other languages
// start from plugin.proto. Nothing in here may be removed or renumbered.
package pluginpb
