package pluginhost

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Log also works outside of a call.
func (c *callbacks) Log(ctx context.Context, r *pluginpb.LogRequest) (*pluginpb.LogResponse, error) {
	if !c.admits() {
		return &pluginpb.LogResponse{}, nil
	}
	attributes := []any{"plugin", c.plugin}
	if one := c.host.calls.find(c.plugin, r.GetContext().GetToken()); one != nil {
		attributes = append(attributes, "call", one.id)
	}
	if given := r.GetAttributes(); len(given) > 0 {
		attributes = append(attributes, attributesOf(given, &c.host.secrets))
	}
	c.host.config.Log.Log(ctx, min(max(slog.Level(r.GetLevel()), slog.LevelDebug), slog.LevelError), cut(c.host.secrets.redact(r.GetMessage()), maxLine), attributes...)
	return &pluginpb.LogResponse{}, nil
}

// How much of a plugin's attributes is told as such: so many in all, so many
// bytes of a key, and groups so deep. A line of the log repeats the keys of
// groups for each attribute in them.
const (
	maxAttributes = 64
	maxKey        = 100
	maxGroups     = 4
)

// attributesOf makes a group of a plugin's attributes, so that none passes for
// one of ours. What is too long, or no object, stays a text.
func attributesOf(given []byte, secrets *secrets) slog.Attr {
	const key = "attributes"
	var pairs map[string]any
	var err error
	if len(given) <= maxLine {
		pairs, err = pluginpb.Decode(given)
	}
	if pairs == nil || err != nil {
		return slog.String(key, cut(secrets.redact(string(given)), maxLine))
	}
	g := grouping{secrets: secrets}
	group := g.group(pairs, 1)
	if g.seen > maxAttributes {
		group = append(group, slog.Int("left out", g.seen-maxAttributes))
	}
	return slog.Attr{Key: key, Value: slog.GroupValue(group...)}
}

// grouping counts attributes while it groups them.
type grouping struct {
	secrets *secrets // the handler takes them out of values, not out of keys
	seen    int
}

func (g *grouping) group(pairs map[string]any, depth int) []slog.Attr {
	var group []slog.Attr
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		name := cut(g.secrets.redact(key), maxKey)
		if inner, is := pairs[key].(map[string]any); is && depth < maxGroups {
			group = append(group, slog.Attr{Key: name, Value: slog.GroupValue(g.group(inner, depth+1)...)})
			continue
		}
		if g.seen++; g.seen <= maxAttributes {
			group = append(group, slog.Any(name, loggable(pairs[key])))
		}
	}
	return group
}

// loggable is a value as both kinds of log show it best.
func loggable(value any) any {
	switch value.(type) {
	case map[string]any, []any:
		if encoded, err := pluginpb.EncodeAny(value); err == nil {
			return json.RawMessage(encoded)
		}
	}
	return value
}
