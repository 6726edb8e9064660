package sdk_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

type remark struct {
	Text string `json:"text"`
}

// chat hands on what is said in a room, to whoever follows it on whatever instance.
func chat(read <-chan struct{}) sdk.Plugin {
	type room struct {
		Room string `json:"room"`
	}
	type line struct {
		Room string `json:"room"`
		Text string `json:"text"`
	}
	return sdk.Plugin{Name: "chat", Version: "1.0.0", Operations: []sdk.Operation{
		sdk.Mutation("say", func(ctx context.Context, host sdk.Host, in line) (bool, error) {
			return true, host.Broadcast(ctx, "room/"+in.Room, remark{in.Text})
		}),
		sdk.Query("whisper", func(ctx context.Context, host sdk.Host, in line) (bool, error) {
			return true, host.Broadcast(ctx, "room/"+in.Room, remark{in.Text})
		}),
		sdk.Stream("said", func(ctx context.Context, host sdk.Host, in room, send func(string) error) error {
			heard, err := sdk.Listen[remark](ctx, host, "room/"+in.Room)
			if err != nil {
				return err
			}
			if read != nil {
				<-read
			}
			for m, err := range heard {
				if err != nil {
					return err
				}
				if err := send(m.Text); err != nil {
					return err
				}
			}
			return nil
		}),
	}}
}

func say(t *testing.T, h *plugintest.Host, room, text string) {
	t.Helper()
	if _, err := h.Call("say", map[string]any{"room": room, "text": text}); err != nil {
		t.Error(err)
	}
}

func TestWhoListensHearsWhatIsBroadcastHereAndElsewhereInOrder(t *testing.T) {
	h := plugintest.Start(t, chat(nil))
	say(t, h, "one", "before")
	go func() {
		h.AwaitListener("room/one")
		say(t, h, "one", "a")
		say(t, h, "two", "b")
		h.Broadcast("room/one", map[string]any{"text": "c"})
	}()
	var got []any
	for text, err := range h.Subscribe("said", map[string]any{"room": "one"}) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, text); len(got) == 2 {
			break
		}
	}
	if diff := cmp.Diff([]any{"a", "c"}, got); diff != "" {
		t.Errorf("what was heard (-want +got):\n%s", diff)
	}
	want := []plugintest.Broadcast{
		{Topic: "room/one", Value: map[string]any{"text": "before"}}, {Topic: "room/one", Value: map[string]any{"text": "a"}}, {Topic: "room/two", Value: map[string]any{"text": "b"}},
	}
	if diff := cmp.Diff(want, h.Broadcasts()); diff != "" {
		t.Errorf("what was broadcast (-want +got):\n%s", diff)
	}
}

const missed = "Something that was told of room/one was missed. Begin anew."

func TestWhoHasMissedSomethingHearsSo(t *testing.T) {
	full := make(chan struct{})
	tests := map[string]struct {
		read <-chan struct{}
		miss func(h *plugintest.Host)
	}{
		"its instance has": {nil, func(h *plugintest.Host) { h.MissBroadcasts() }},
		"it does not keep up": {full, func(h *plugintest.Host) {
			for range 257 {
				h.Broadcast("room/one", map[string]any{"text": "more"})
			}
			close(full)
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := plugintest.Start(t, chat(tt.read))
			go func() {
				h.AwaitListener("room/one")
				tt.miss(h)
			}()
			for text, err := range h.Subscribe("said", map[string]any{"room": "one"}) {
				var told *sdk.Error
				if !errors.As(err, &told) || told.Code != sdk.CodeUnavailable || told.Message != missed {
					t.Errorf("it hears %v, %v; want UNAVAILABLE %s", text, err, missed)
				}
			}
		})
	}
}

func TestABroadcastThatNobodyCouldReadIsRefused(t *testing.T) {
	h := plugintest.Start(t, chat(nil))
	tests := map[string]struct {
		operation, room, text, want string
	}{
		"in a query": {"whisper", "one", "x", "The plugin chat wanted to broadcast on room/one in the middle of a read or of another write. Queries, fields and rules have no effects."},
		"too large": {"say", "one", string(make([]byte, 3<<10)), // each of which JSON writes as six
			"Nothing was broadcast on room/one: the value has 18443 bytes, and may have 16384. Broadcast the id of a record, and read it where it is heard."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := h.Call(tt.operation, map[string]any{"room": tt.room, "text": tt.text}); err == nil || err.Error() != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}
