package plugintest_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// claimed makes a claim of each product, for the plugin itself.
func claimed(do func(ctx context.Context, host sdk.Host) error) sdk.Plugin {
	return sdk.Plugin{
		Name: "claims", Version: "1", Entities: claims, PartyData: sdk.OnlyRecords(),
		Events: []sdk.Subscription{sdk.On("product.created", func(ctx context.Context, host sdk.Host, _ *sdk.Event) error { return do(ctx, host) })},
	}
}

// told is what the plugin says of a new product.
func told(t *testing.T, h *plugintest.Host) error {
	t.Helper()
	if _, err := h.Save(&sdk.Record{Entity: "product", Values: map[string]any{"sku": "P-1", "name": "Dog food"}}); err != nil {
		t.Fatal(err)
	}
	return h.Redeliver(h.Events("product.created")[0])
}

func TestAPluginActsForItselfOnlyIfItsManifestAsksForIt(t *testing.T) {
	create := func(ctx context.Context, host sdk.Host) error {
		_, err := host.Create(ctx, &sdk.Record{Entity: "claim"})
		return err
	}
	for needs, want := range map[string]string{
		"needs: {asPlugin: true}": "",
		"":                        "The plugin claims may not act for itself, as it wanted to. Under needs its plugin.yaml has to have asPlugin: true. Then approve it: xrm plugin approve claims.",
	} {
		t.Run(needs, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("plugin.yaml", []byte("name: claims\nversion: \"1\"\n"+needs+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := told(t, plugintest.Start(t, claimed(create))); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("the event: %q, want %q", got, want)
			}
		})
	}
}

func TestAPluginReadsTheClockOfTheTest(t *testing.T) {
	var now time.Time
	h := plugintest.Start(t, claimed(func(_ context.Context, host sdk.Host) error { now = host.Now(); return nil }))
	h.Advance(36 * time.Hour)
	if err := told(t, h); err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 1, 3, 15, 4, 5, 0, time.UTC); !now.Equal(want) {
		t.Errorf("it is %s, want %s", now, want)
	}
}

func TestAnEventOfAPluginIsNotCalledAsWhatHappensToRecords(t *testing.T) {
	err := told(t, plugintest.Start(t, claimed(func(ctx context.Context, host sdk.Host) error { return host.Publish(ctx, "created", "k", nil) })))
	const want = `"created" cannot be the name of an event: it is what happens to records. Use another, such as escalated.`
	if err == nil || err.Error() != want {
		t.Errorf("Publish = %v, want %s", err, want)
	}
}
