package plugintest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

type settings struct {
	Region string `json:"region"`
	Most   int    `json:"most" default:"5"`
}

func configured(c *sdk.Config[settings]) sdk.Plugin {
	return sdk.Plugin{Name: "configured", Version: "1", Config: c, Operations: []sdk.Operation{
		sdk.Query("region", func(context.Context, sdk.Host, struct{}) (string, error) { return c.Get().Region, nil }),
	}}
}

func TestAPluginIsConfiguredBeforeAnythingElse(t *testing.T) {
	h := plugintest.Start(t, configured(&sdk.Config[settings]{}))
	if err := h.Configure(map[string]any{"region": "DE"}); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Call("region", nil); err != nil || got != "DE" {
		t.Errorf("region = %v, %v; want DE", got, err)
	}
	got := fatal(t, func(t testing.TB) {
		_, _ = plugintest.Start(t, configured(&sdk.Config[settings]{})).Call("region", nil)
	})
	if want := "the plugin cannot do with the defaults of its configuration: region is required. Call Configure before anything else"; got != want {
		t.Errorf("the test ends with %s\nwant %s", got, want)
	}
}

func TestAConfigurationThatDoesNotFitIsRefusedByPath(t *testing.T) {
	c := &sdk.Config[settings]{Check: func(s settings) error {
		if s.Region == "XX" {
			return sdk.Reject("region", "is no country")
		}
		return nil
	}}
	h := plugintest.Start(t, configured(c))
	if err := h.Configure(map[string]any{"region": "DE", "most": 3}); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		config map[string]any
		want   *sdk.Error
	}{
		"by the schema": {map[string]any{"regoin": "FR", "most": "many"}, &sdk.Error{Code: sdk.CodeInvalid, Message: "The configuration does not fit: some fields need attention.", Violations: []sdk.Violation{
			{Field: "most", Rule: "schema", Message: `must be a whole number, not "many"`},
			{Field: "region", Rule: "schema", Message: "is required"},
			{Field: "regoin", Rule: "schema", Message: `is no setting; did you mean "region"?`},
		}}},
		"by the plugin": {map[string]any{"region": "XX"}, &sdk.Error{Code: sdk.CodeInvalid, Message: "The configuration does not fit: some fields need attention.", Violations: []sdk.Violation{
			{Field: "region", Rule: "rejected", Message: "is no country"},
		}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var refused *sdk.Error
			if err := h.Configure(tt.config); !errors.As(err, &refused) {
				t.Fatalf("Configure = %v, want a refusal", err)
			}
			if diff := cmp.Diff(tt.want, refused); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
			if got := c.Get(); got != (settings{Region: "DE", Most: 3}) {
				t.Errorf("the configuration is %+v now, want that from before", got)
			}
		})
	}
}
