// Package gorecords writes the Go types of the records of a plugin: for each of its
// entities one with a method for each field, so that a field that is gone, or is of another
// type, is a mistake of the compiler. It knows nothing of where the files lie.
package gorecords
