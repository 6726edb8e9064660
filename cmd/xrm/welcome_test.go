package main

import (
	"testing"

	"github.com/openxrm/xrm/core"
)

func TestTheWelcomeSaysWhyAPluginDoesNotServe(t *testing.T) {
	tests := map[string]struct {
		plugin core.Plugin
		want   string
	}{
		"it serves":              {core.Plugin{Name: "visits", Version: "1.0.0", State: "SERVING"}, "visits 1.0.0: SERVING"},
		"it serves again":        {core.Plugin{Name: "visits", Version: "1.0.0", State: "SERVING", LastError: "its process ended"}, "visits 1.0.0: SERVING"},
		"it still starts":        {core.Plugin{Name: "visits", Version: "1.0.0", State: "STARTING"}, "visits 1.0.0: STARTING"},
		"it fails":               {core.Plugin{Name: "visits", Version: "1.0.0", State: "BACKOFF", LastError: "start: its process ended: exit status 7\nout of licenses"}, "visits 1.0.0: BACKOFF: start: its process ended: exit status 7"},
		"its manifest is broken": {core.Plugin{Name: "visits", State: "INVALID", LastError: "invalid: visits/plugin.yaml: version is missing"}, "visits: INVALID: visits/plugin.yaml: version is missing"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := pluginLine(tt.plugin); got != tt.want {
				t.Errorf("pluginLine(%+v) = %q, want %q", tt.plugin, got, tt.want)
			}
		})
	}
}
