// Package extension says what a plugin does to the records of others by adding
// fields to them, and what of it its manifest does not ask for. A file that
// extends nothing but the plugin's own is none of its business.
package extension
