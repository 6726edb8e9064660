// Package schedule runs what is due, once across all instances: the jobs of
// plugins at the times of their schedules, and the timers that plugins have
// set.
//
// Both happen at least once, never early, and late only when nothing was there
// to do it. This package neither knows what a job does nor starts plugins, and
// it is no queue: however often a job's time has passed, it runs once.
package schedule
