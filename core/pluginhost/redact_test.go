package pluginhost

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestASecretIsTakenOutOfWhateverIsLogged(t *testing.T) {
	const word, key = "hunter2-0815", "-----BEGIN-----\n\"MII\"EvQIBADANBgk\n-----END-----"
	s := &secrets{}
	s.remember(word)
	s.remember(key)
	for name, tt := range map[string]struct {
		message string
		args    []any
		want    string
	}{
		"in the message":    {"it is " + word, nil, `msg="it is [secret]"`},
		"in an attribute":   {"x", []any{"token", word}, `msg=x token=[secret]`},
		"in an error":       {"x", []any{"error", errors.New("no " + word)}, `msg=x error="no [secret]"`},
		"in JSON":           {"x", []any{"attributes", json.RawMessage(`{"token":"` + word + `"}`)}, `msg=x attributes="{\"token\":\"[secret]\"}"`},
		"in a group":        {"x", []any{slog.Group("of", "token", word, "n", 7)}, `msg=x of.token=[secret] of.n=7`},
		"a key as a whole":  {key, nil, `msg=[secret]`},
		"a line of a key":   {`it is "MII"EvQIBADANBgk`, nil, `msg="it is [secret]"`},
		"a key in quotes":   {"x", []any{"attributes", json.RawMessage(`"-----BEGIN-----\n\"MII\"EvQIBADANBgk\n-----END-----"`)}, `msg=x attributes="\"[secret]\""`},
		"what is no secret": {"it is nothing", []any{"n", 7}, `msg="it is nothing" n=7`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			plain := slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
				if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
					return slog.Attr{}
				}
				return a
			}})
			slog.New(redactor{plain, s}).Info(tt.message, tt.args...)
			if got := strings.TrimSpace(out.String()); got != tt.want {
				t.Errorf("the log has %s, want %s", got, tt.want)
			}
		})
	}
}
