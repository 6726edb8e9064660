// Package naming says how the names are read that a plugin and its host exchange:
// which form each kind has, which events a topic is about, and which requests an
// endpoint answers. Both sides must agree, so each plugin has it in its memory: it
// imports nothing of ours. What only hosts decide is in sdk/contract.
package naming
