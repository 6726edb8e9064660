// Package work carries out what plugins do although no request asks them to:
// they are told of events, run jobs and answer timers. It joins the journal, the
// clock and the host of the plugins, which do not know each other. All instances
// share the work.
package work
