package pluginhost

import (
	"context"
	"fmt"
	"log/slog"
)

// redactor takes secrets out of everything that is logged about plugins, and what
// is longer than anybody reads.
type redactor struct {
	slog.Handler
	secrets *secrets
}

// Handle implements slog.Handler.
func (r redactor) Handle(ctx context.Context, record slog.Record) error {
	clean := slog.NewRecord(record.Time, record.Level, r.secrets.redact(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(r.attr(a))
		return true
	})
	return r.Handler.Handle(ctx, clean)
}

// WithAttrs implements slog.Handler.
func (r redactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = r.attr(a)
	}
	return redactor{r.Handler.WithAttrs(clean), r.secrets}
}

// WithGroup implements slog.Handler.
func (r redactor) WithGroup(name string) slog.Handler {
	return redactor{r.Handler.WithGroup(name), r.secrets}
}

// attr leaves alone what holds no secret, so that numbers stay numbers.
func (r redactor) attr(a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		group := value.Group()
		clean := make([]any, len(group))
		for i, inner := range group {
			clean[i] = r.attr(inner)
		}
		return slog.Group(a.Key, clean...)
	}
	text := value.String()
	if raw, isBytes := value.Any().([]byte); isBytes {
		text = string(raw)
	} else if value.Kind() == slog.KindAny {
		text = fmt.Sprintf("%s", value.Any())
	}
	if clean := cut(r.secrets.redact(text), maxLine); clean != text {
		return slog.String(a.Key, clean)
	}
	return a
}
