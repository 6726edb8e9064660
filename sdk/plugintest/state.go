package plugintest

import (
	"context"
	"time"

	"github.com/openxrm/xrm/sdk/contract/kept"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// value is one that the plugin keeps. It is replaced and never changed, nor does
// its version come again when it is gone.
type value struct {
	value   []byte
	version int64
	expires time.Time // zero for never
	deleted bool
}

// look returns what is kept under a key; version 0 stands for nothing. The
// caller holds the lock.
func (h *Host) look(key string) value {
	v := h.state[key]
	if v.deleted || !v.expires.IsZero() && !h.now.Before(v.expires) {
		return value{}
	}
	return v
}

// size is how many bytes the plugin keeps. The caller holds the lock.
func (h *Host) size() (size int64) {
	for key := range h.state {
		if v := h.look(key); v.version != 0 {
			size += int64(len(key) + len(v.value))
		}
	}
	return size
}

func (c *callbacks) GetState(_ context.Context, r *pluginpb.GetStateRequest) (*pluginpb.GetStateResponse, error) {
	if _, err := c.within(r.GetContext()); err != nil {
		return &pluginpb.GetStateResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.look(r.GetKey())
	return &pluginpb.GetStateResponse{Value: v.value, Version: v.version}, nil
}

func (c *callbacks) PutState(_ context.Context, r *pluginpb.PutStateRequest) (*pluginpb.PutStateResponse, error) {
	if _, err := c.writer(r.GetContext(), "keep "+r.GetKey()); err != nil {
		return &pluginpb.PutStateResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	err := kept.CheckRoom(c.description.GetName(), c.size(), r.GetValue())
	if err == nil {
		err = kept.Check(r.GetKey(), r.GetValue())
	}
	if err == nil {
		err = c.is(r.GetKey(), r.GetIfVersion())
	}
	if err != nil {
		return &pluginpb.PutStateResponse{Error: toWire(err)}, nil
	}
	next := value{value: r.GetValue(), version: c.state[r.GetKey()].version + 1}
	if ms := r.GetExpiresAfterMs(); ms > 0 {
		next.expires = c.now.Add(time.Duration(ms) * time.Millisecond)
	}
	c.state[r.GetKey()] = next
	return &pluginpb.PutStateResponse{Version: next.version}, nil
}

func (c *callbacks) DeleteState(_ context.Context, r *pluginpb.DeleteStateRequest) (*pluginpb.DeleteStateResponse, error) {
	if _, err := c.writer(r.GetContext(), "remove "+r.GetKey()); err != nil {
		return &pluginpb.DeleteStateResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.is(r.GetKey(), r.GetIfVersion()); err != nil {
		return &pluginpb.DeleteStateResponse{Error: toWire(err)}, nil
	}
	c.state[r.GetKey()] = value{version: c.state[r.GetKey()].version, deleted: true}
	return &pluginpb.DeleteStateResponse{}, nil
}

// is refuses a write that is meant for another version. The caller holds the lock.
func (h *Host) is(key string, version int64) error {
	if version == kept.AnyVersion || version == h.look(key).version {
		return nil
	}
	return kept.Changed(key)
}
