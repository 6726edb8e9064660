// Package graphql generates the API from a model: types, filters, queries
// and mutations for every entity, and resolvers that ask core/record and
// nothing else. How documents are executed is in execution, how they travel
// in transport; neither knows records.
package graphql
