package plugintest_test

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func TestUsersReadTheTextsOfThePluginInTheirLanguage(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, sdk.Plugin{
		Name: "desk", Version: "1.0.0",
		Texts: fstest.MapFS{"texts/de.yaml": {Data: []byte("\"The {entity} {number} is sold.\": \"{entity} {number} ist verkauft.\"\n")}},
		Operations: []sdk.Operation{sdk.Mutation("sell", func(context.Context, sdk.Host, struct{}) (bool, error) {
			return false, &sdk.Error{Code: sdk.CodeConflict, Message: "The product P-1 is sold."}
		})},
	})
	_, err := h.Call("sell", nil)
	var refused *sdk.Error
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	for language, want := range map[string]string{"de": "Produkt P-1 ist verkauft.", "fr": "The product P-1 is sold.", "en": "The product P-1 is sold."} {
		if got := h.Text(language, refused.Message); got != want {
			t.Errorf("in %s users read %s, want %s", language, got, want)
		}
	}
}
