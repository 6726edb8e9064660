// Package execution answers GraphQL documents: it parses, validates, limits,
// caches and executes them over the types of a graphql-go schema.
//
// Execution is breadth first: every field is resolved once for all the objects
// of one type at one path of the answer, so that a field with a [BatchResolve]
// costs one call per level however many objects there are.
//
// The package knows nothing of records, stores or users, and nothing of HTTP.
package execution
