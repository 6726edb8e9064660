// Package node has the files of the SDK for Node.js, which lie in the folder of every
// plugin that is written with it: it is in no registry.
package node

import "embed"

// Files is the package @openxrm/sdk, in the folder xrm.
//
//go:embed xrm/*.js xrm/*.d.ts xrm/package.json xrm/proto/*.proto
var Files embed.FS
