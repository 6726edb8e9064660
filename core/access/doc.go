// Package access decides who may do what: it reads roles from YAML and answers
// the questions of record.Policy. Nothing is allowed that no rule allows, and
// several roles of one actor add up. Who somebody is, core/identity says.
//
// It does not filter or mask anything itself: core/record does, in the one
// read path and the one write path.
package access
