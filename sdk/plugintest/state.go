package plugintest

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// kept is a value that the plugin keeps. It is replaced and never changed.
type kept struct {
	value   []byte
	version int64
	expires time.Time // zero for never
}

// look returns what is kept under a key; version 0 stands for nothing. The
// caller holds the lock.
func (h *Host) look(key string) kept {
	k := h.state[key]
	if !k.expires.IsZero() && !h.now.Before(k.expires) {
		return kept{}
	}
	return k
}

func (c *callbacks) GetState(_ context.Context, r *pluginpb.GetStateRequest) (*pluginpb.GetStateResponse, error) {
	_, err := c.within(r.GetContext())
	if err == nil {
		err = checkState(r.GetKey(), nil)
	}
	if err != nil {
		return &pluginpb.GetStateResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.look(r.GetKey())
	return &pluginpb.GetStateResponse{Value: k.value, Version: k.version}, nil
}

func (c *callbacks) PutState(_ context.Context, r *pluginpb.PutStateRequest) (*pluginpb.PutStateResponse, error) {
	_, err := c.writer(r.GetContext(), "keep "+r.GetKey())
	if err == nil {
		err = checkState(r.GetKey(), r.GetValue())
	}
	if err != nil {
		return &pluginpb.PutStateResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.look(r.GetKey())
	if want := r.GetIfVersion(); want != sdk.AnyVersion && want != k.version {
		return &pluginpb.PutStateResponse{Error: toWire(stateConflict(r.GetKey()))}, nil
	}
	next := kept{value: r.GetValue(), version: k.version + 1}
	if ms := r.GetExpiresAfterMs(); ms > 0 {
		next.expires = c.now.Add(time.Duration(ms) * time.Millisecond)
	}
	c.state[r.GetKey()] = next
	return &pluginpb.PutStateResponse{Version: next.version}, nil
}

func (c *callbacks) DeleteState(_ context.Context, r *pluginpb.DeleteStateRequest) (*pluginpb.DeleteStateResponse, error) {
	_, err := c.writer(r.GetContext(), "remove "+r.GetKey())
	if err == nil {
		err = checkState(r.GetKey(), nil)
	}
	if err != nil {
		return &pluginpb.DeleteStateResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if want := r.GetIfVersion(); want != sdk.AnyVersion && want != c.look(r.GetKey()).version {
		return &pluginpb.DeleteStateResponse{Error: toWire(stateConflict(r.GetKey()))}, nil
	}
	delete(c.state, r.GetKey())
	return &pluginpb.DeleteStateResponse{}, nil
}

// The largest key and value that the state takes, in bytes.
const (
	maxStateKey   = 200
	maxStateValue = 1 << 20
)

func checkState(key string, value []byte) error {
	message := ""
	switch {
	case key == "":
		message = "The key is empty; name what is kept."
	case !utf8.ValidString(key):
		message = "The key is not UTF-8; encode it, for example as hex."
	case len(key) > maxStateKey:
		message = fmt.Sprintf("The key has %d bytes; shorten it to %d.", len(key), maxStateKey)
	case len(value) > maxStateValue:
		message = fmt.Sprintf("The value of the key %q has %d bytes; split it into values of at most %d.", key, len(value), maxStateValue)
	default:
		return nil
	}
	return &sdk.Error{Code: sdk.Invalid, Message: message}
}

func stateConflict(key string) error {
	return &sdk.Error{Code: sdk.Conflict, Message: fmt.Sprintf("Somebody else changed the value of the key %q in the meantime. Read it and try again.", key)}
}
