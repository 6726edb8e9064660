package contract

// Scalars are the names of the types that have no parts.
func Scalars() []string {
	return []string{"text", "integer", "decimal", "boolean", "date", "datetime", "id"}
}

// MaxTypeDepth is how deep the types of a description may lie in each other.
const MaxTypeDepth = 8
