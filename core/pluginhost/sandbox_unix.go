//go:build unix && !linux

package pluginhost

// enter does nothing: there is no sandbox on this system.
func (sandbox) enter() error { return nil }
