package pluginpb

import (
	"regexp"
	"strings"
)

// The forms of the names in a description: of plugins, of operations, fields and
// jobs, of topics, and of the paths of endpoints. They keep the name of a plugin
// apart from the rest of a path, of a topic and of a line.
var (
	PluginName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	APIName    = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
	TopicName  = regexp.MustCompile(`^[a-z][a-zA-Z0-9-]*\.([a-zA-Z][a-zA-Z0-9]*|\*)$`)
	PathName   = regexp.MustCompile(`^/[a-zA-Z0-9/._~-]*$`)
)

// Scalars are the names of the types that have no parts.
func Scalars() []string {
	return []string{"text", "integer", "decimal", "boolean", "date", "datetime", "id"}
}

// MaxTypeDepth is how deep the types of a description may lie in each other.
const MaxTypeDepth = 8

// MaxPart is how many bytes of the body of an HTTP request or of its answer go
// into one message.
const MaxPart = 64 << 10

// EndpointFits says whether an endpoint answers a request: "" is every method, and
// a path that ends in a slash everything below.
func EndpointFits(method, path, requestMethod, requestPath string) bool {
	below := strings.HasSuffix(path, "/") && strings.HasPrefix(requestPath, path)
	return (method == "" || method == requestMethod) && (below || path == requestPath)
}
