//go:build unix && !linux

package pluginhost

// enter does nothing: there is no sandbox on this system.
func (sandbox) enter() error { return nil }

// missing is empty: whoever runs plugins here asks for no sandbox.
func missing() []string { return nil }
