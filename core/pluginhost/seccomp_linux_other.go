//go:build linux && !amd64 && !arm64

package pluginhost

// Nobody has looked at which system calls these machines have.
const (
	machine      uint32 = 0
	firstForeign uint32 = 0
)

var older []forbidden
