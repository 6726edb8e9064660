// Package connection says which addresses a plugin may reach: how they are written
// in its manifest and in the site's settings, and which of them a request goes to.
// It does not reach anything itself.
package connection
