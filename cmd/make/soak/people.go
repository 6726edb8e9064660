package main

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/cmd/xrm/client"
)

// stranger tries everything with one key.
type stranger struct {
	name  string
	key   string
	blind bool       // must not see anything that is told in confidence
	all   operations // as an administrator sees them
	own   operations // as it sees them itself
}

// people makes the keys of everybody.
func (h *house) people(ctx context.Context) error {
	all, err := h.operations(ctx, h.admin)
	if err != nil {
		return err
	}
	for _, s := range []struct {
		roles []string
		blind bool
	}{{[]string{"partial"}, true}, {[]string{"outsider"}, true}, {[]string{"nobody"}, true}, {[]string{"monitor"}, true}, {[]string{"partial", "outsider"}, true}, {[]string{"reader"}, false}} {
		key, err := h.key(ctx, s.roles)
		if err != nil {
			return err
		}
		if s.roles[0] == "monitor" {
			h.monitor = key
		}
		own, err := h.operations(ctx, key)
		if err != nil {
			return err
		}
		h.strangers = append(h.strangers, stranger{name: fmt.Sprint(s.roles), key: key, blind: s.blind, all: all, own: own})
	}
	return nil
}

func (h *house) key(ctx context.Context, roles []string) (string, error) {
	var made struct {
		CreateAPIKey struct{ Secret string } `json:"createApiKey"`
	}
	err := h.to(h.admin).Send(ctx, client.Request{
		Query: "mutation ($roles: [String!]!) { createApiKey(roles: $roles) { secret } }", Variables: map[string]any{"roles": roles},
	}, &made)
	if err != nil {
		return "", fmt.Errorf("%s: make a key with the roles %v: %w", h.name, roles, err)
	}
	return made.CreateAPIKey.Secret, nil
}
