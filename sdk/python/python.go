// Package python has the files of the SDK for Python, which lie beside the program of
// every plugin: a server installs nothing.
package python

import "embed"

// Files is the folder xrm of the SDK.
//
//go:embed xrm/*.py xrm/py.typed xrm/_pb/*.py
var Files embed.FS
