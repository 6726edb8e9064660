package naming

import "strings"

// EndpointFits says whether an endpoint answers a request: "" is every method, and
// a path that ends in a slash everything below.
func EndpointFits(method, path, requestMethod, requestPath string) bool {
	below := strings.HasSuffix(path, "/") && strings.HasPrefix(requestPath, path)
	return (method == "" || method == requestMethod) && (below || path == requestPath)
}
