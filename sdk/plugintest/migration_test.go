package plugintest_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func TestARecordIsMigratedThereAndBack(t *testing.T) {
	h := plugintest.Start(t, sdk.Plugin{
		Name: "mover", Version: "2",
		Entities: fstest.MapFS{"move.yaml": {Data: []byte("entity: move\nfields:\n  rooms: {type: integer}\n  note: {type: text}\n")}},
		Migrations: []sdk.Migration{{
			To: 2, Entity: "move",
			Up: func(_ context.Context, r *sdk.Record) error {
				if r.Values["rooms"] == "many" {
					r.Values["rooms"] = "twelve"
					return nil
				}
				n, err := strconv.ParseInt(r.Text("rooms"), 10, 64)
				r.Values["rooms"] = n
				return err
			},
			Down: func(_ context.Context, r *sdk.Record) error {
				if n, ok := r.Values["rooms"].(int64); ok {
					r.Values["rooms"] = strconv.FormatInt(n, 10)
					return nil
				}
				return errors.New("it has no rooms")
			},
		}},
	})
	after, err := h.Migrate("move", 1, 2, map[string]any{"rooms": "3", "note": "x"})
	if diff := cmp.Diff(map[string]any{"rooms": int64(3), "note": "x"}, after); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if back, err := h.Migrate("move", 2, 1, after); err != nil || back["rooms"] != "3" {
		t.Errorf("the way back gives %v, %v", back, err)
	}
	for rooms, want := range map[string]string{"three": `invalid syntax`, "many": "rooms"} {
		if _, err := h.Migrate("move", 1, 2, map[string]any{"rooms": rooms}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", rooms, err, want)
		}
	}
}
