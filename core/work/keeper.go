package work

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/schedule"
)

// Keeper returns what keeps timers and state for plugins, in k: a timer that is
// set may be due soon, and wakes the runner.
func (w *Work) Keeper(k pluginhost.Keeper) pluginhost.Keeper { return keeper{k, w.runner} }

type keeper struct {
	pluginhost.Keeper
	runner *schedule.Runner
}

// Schedule implements pluginhost.Keeper.
func (k keeper) Schedule(ctx context.Context, t core.Timer) error {
	err := k.Keeper.Schedule(ctx, t)
	k.runner.Wake()
	return err
}
