// Package migration gives the records of a plugin's own entities the form of another
// version of its data, as the plugin says, or tells what would become of them. Which
// versions there are, who may read and write meanwhile, and what is in force, is the
// business of pluginhost.
package migration
