// Package settings checks the configuration of a plugin against the JSON
// Schema (draft 2020-12) that the plugin describes, and fills in its defaults.
// The host uses it, and plugintest, so that a test sees what an admin would.
// Plugins do not import it.
package settings
