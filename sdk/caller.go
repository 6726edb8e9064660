package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

// caller is the Host of one call.
type caller struct {
	host    pluginpb.HostClient
	context *pluginpb.CallContext
	ears    *ears // of the process
}

func (c caller) User() *User { return userFromWire(c.context.GetUser()) }

func (c caller) IdempotencyKey() string { return c.context.GetIdempotencyKey() }

func (c caller) Now() time.Time {
	if now, err := time.Parse(time.RFC3339Nano, c.context.GetNow()); err == nil {
		return now
	}
	return time.Now()
}

func (c caller) AsPlugin() Host {
	context := proto.CloneOf(c.context)
	context.AsPlugin = true
	return caller{host: c.host, context: context, ears: c.ears}
}

func (c caller) Log(ctx context.Context, level slog.Level, message string, args ...any) {
	request := &pluginpb.LogRequest{Context: c.context, Level: int32(level), Message: message, Attributes: attributes(args)}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if _, err := c.host.Log(ctx, request); err != nil {
		slog.Log(ctx, level, message, args...)
	}
}

// attributes lets slog sort out the pairs, and keeps what JSON can say.
func attributes(args []any) []byte {
	if len(args) == 0 {
		return nil
	}
	var record slog.Record
	record.Add(args...)
	pairs := map[string]any{}
	record.Attrs(func(a slog.Attr) bool {
		addAttribute(pairs, a)
		return true
	})
	encoded, err := pluginpb.Encode(pairs)
	if err != nil {
		return nil
	}
	return encoded
}

// addAttribute makes an object of a group; one without a name is none.
func addAttribute(pairs map[string]any, a slog.Attr) {
	resolved := a.Value.Resolve()
	if resolved.Kind() == slog.KindGroup {
		inner := pairs
		if a.Key != "" {
			inner = map[string]any{}
			pairs[a.Key] = inner
		}
		for _, one := range resolved.Group() {
			addAttribute(inner, one)
		}
		return
	}
	value := resolved.Any()
	if err, isError := value.(error); isError {
		value = err.Error()
	}
	if _, err := json.Marshal(value); err != nil {
		value = fmt.Sprint(value)
	}
	pairs[a.Key] = value
}
