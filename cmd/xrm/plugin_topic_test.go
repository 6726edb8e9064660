package main

import (
	"context"
	"testing"

	"github.com/openxrm/xrm/sdk"
)

// playDeaf waits for what never happens.
func playDeaf(p *sdk.Plugin) {
	p.Events = []sdk.Subscription{sdk.On("order.creatd", ignore), sdk.On("order.deleted", ignore), sdk.On("erp.creatd", ignore)}
	p.Timeline = map[string]sdk.TimelineFunc{"customer.update": func(context.Context, sdk.Host, *sdk.Event) (*sdk.TimelineEntry, error) { return nil, nil }}
}

func TestAPluginThatWaitsForWhatNeverHappensDoesNotServe(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "deaf", `needs: {events: ["*"]}`)
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	const actions = "records are created, updated, deleted, restored, merged or erased, and * is all of it"
	p.becomes(`{ plugins { state lastError } }`, nil, `{"plugins":[{"state":"INVALID","lastError":"invalid: `+
		`topic \"customer.update\": nothing of that kind happens to records of customer; did you mean \"customer.updated\"? `+actions+
		`\ntopic \"order.creatd\": nothing of that kind happens to records of order; did you mean \"order.created\"? `+actions+`"}]}`)
	p.stop()
}
