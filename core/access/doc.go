// Package access decides who may do what: it reads roles from YAML, answers
// the questions of record.Policy, and turns an API key into an actor. Nothing
// is allowed that no rule allows, and several roles of one actor add up.
//
// It does not filter or mask anything itself: core/record does, in the one
// read path and the one write path.
package access
