package naming

import "regexp"

// The forms of the names in a description: of plugins, of operations, fields, jobs
// and timers, of topics, of the paths of endpoints, and of what an operation needs of a user. They keep the name of a
// plugin apart from the rest of a path, of a topic and of a line.
var (
	Plugin = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	API    = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
	Topic  = regexp.MustCompile(`^[a-z][a-zA-Z0-9-]*\.([a-zA-Z][a-zA-Z0-9]*|\*)$`)
	Path   = regexp.MustCompile(`^/[a-zA-Z0-9/._~-]*$`)
	Digest = regexp.MustCompile(`^[0-9a-f]{16,64}$`)
	Need   = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*\.(read|create|update|delete|grant|withdraw)$`)
)
