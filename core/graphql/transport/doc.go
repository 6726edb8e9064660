// Package transport serves GraphQL over HTTP as the GraphQL-over-HTTP
// specification has it: POST with JSON, GET for queries, the answer as
// application/graphql-response+json or application/json. A browser that opens
// the address gets GraphiQL, which comes with the program.
//
// It knows nothing of users: who may ask is decided by [Handler.Context].
package transport
