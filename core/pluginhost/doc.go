// Package pluginhost starts, supervises and talks to plugins. It is the only
// door to sdk/pluginpb: to the rest of the core a plugin is a record.Hook and
// a Contribution, and whether it is a process makes no difference.
//
// A plugin that is down, slow or wrong never takes anything else down: no
// method here blocks longer than its deadline, and what a plugin has answered
// is checked before it is believed. go-plugin is the transport and the
// handshake; keeping the processes alive is done here.
package pluginhost
