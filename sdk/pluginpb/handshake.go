package pluginpb

// The go-plugin handshake. The cookie is no secret: it only tells a plugin
// that a host started it, and not a person.
const (
	CookieKey   = "XRM_PLUGIN"
	CookieValue = "b6b2a3f2-7c1f-4c55-9d0e-2f4d1a8e6c10"

	// Protocol is the major version of this contract, as in plugin.yaml.
	Protocol = 1

	// Service is the name under which go-plugin dispenses the plugin.
	Service = "xrm"
)
