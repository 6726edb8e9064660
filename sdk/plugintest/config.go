package plugintest

import (
	"strings"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/settings"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Configure gives the plugin a configuration, as an admin would: it is checked
// against what the plugin has described, its defaults are filled in, and the
// plugin may refuse it and stay with the one before. Start has configured a
// plugin that needs no more than its defaults.
func (h *Host) Configure(config map[string]any) error {
	h.t.Helper()
	if len(h.description.GetConfigSchema()) == 0 {
		h.t.Fatal("the plugin has no configuration; set Config in its sdk.Plugin")
	}
	filled, problems := settings.Check(h.description.GetConfigSchema(), config)
	if len(problems) > 0 {
		refused := &sdk.Error{Code: sdk.CodeInvalid, Message: doesNotFit}
		for _, p := range problems {
			refused.Violations = append(refused.Violations, sdk.Violation{Field: p.Path, Rule: "schema", Message: p.Message})
		}
		return refused
	}
	h.mu.Lock()
	h.generation++
	request := &pluginpb.ConfigureRequest{Generation: h.generation, Config: encode(filled)}
	h.mu.Unlock()
	answer, err := h.plugin.Configure(h.t.Context(), request)
	if err == nil {
		err = h.refusal(answer.GetError(), misconfigured)
	}
	if err == nil {
		h.unconfigured = ""
	}
	return err
}

const misconfigured = "The configuration does not fit"

// doesNotFit is the message of a refusal that names the fields.
var doesNotFit = contract.Told(&pluginpb.Error{Code: sdk.CodeInvalid}, misconfigured)

// configureByDefault tries the configuration of an admin who says nothing.
func (h *Host) configureByDefault() {
	h.t.Helper()
	if len(h.description.GetConfigSchema()) == 0 {
		return
	}
	if err := h.Configure(nil); err != nil {
		h.unconfigured = strings.TrimPrefix(err.Error(), doesNotFit+"; ")
	}
}

// needConfiguration ends a test that calls a plugin before it is configured: a
// server would not.
func (h *Host) needConfiguration() {
	h.t.Helper()
	if h.unconfigured != "" {
		h.t.Fatalf("the plugin cannot do with the defaults of its configuration: %s. Call Configure before anything else", h.unconfigured)
	}
}
