package sdk

import (
	"context"
	"io/fs"
)

// Plugin is everything that a plugin contributes. Only Name and Version are
// required.
type Plugin struct {
	// Name and Version are those in plugin.yaml. The name is of lower-case
	// letters, digits and hyphens.
	Name    string
	Version string

	// Entities holds definitions in the entity language, as *.yaml anywhere in
	// it; most often an embed.FS.
	Entities fs.FS

	// BeforeSave has a rule for each entity, its own or another's.
	BeforeSave map[string]SaveFunc

	// Operations are queries and mutations in the API: see Query and Mutation.
	Operations []Operation

	// Fields are computed fields on entities of any owner: see Computed.
	Fields []Field
}

// SaveFunc may change the values of a record that is about to be stored, or
// veto it with Reject. r.Before is what is stored now. It must not cause
// anything outside: the write may still fail for another reason. It has 300 ms
// unless the host is configured otherwise, and when it fails in any other way,
// the record is not stored.
type SaveFunc func(ctx context.Context, host Host, r *Record) error
