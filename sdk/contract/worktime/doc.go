// Package worktime says how much working time lies between two instants, by the
// calendars of a site: to the server and to plugintest in the same words. It knows the
// clock of a zone, weekly hours, public holidays and exceptions, and nothing of what
// is measured with it.
//
// Working time is what a clock on the wall shows: an instant is in it if the hands
// stand between the beginning and the end of some hours. Where the clock is put forward
// over an hour of a night shift, that shift is an hour shorter; where it is put back,
// an hour longer.
package worktime
