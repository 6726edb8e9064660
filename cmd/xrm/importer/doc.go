// Package importer brings the rows of a CSV file into an xrm server: it
// matches columns to fields, converts what the cells say, finds the records
// that they refer to, and sends batches as a GraphQL client. A row that does
// not fit costs nobody else anything: it goes to a file of its own with every
// reason. What a map file can say is in README.md. The package does not check
// what only the server knows; it passes on what the server says.
package importer
