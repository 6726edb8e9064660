package pluginpb

import "embed"

// Proto holds the contract for programs in other languages: plugin.proto, and
// goplugin.proto with what go-plugin wants beside it.
//
//go:embed *.proto
var Proto embed.FS
