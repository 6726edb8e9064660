package pluginhost

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestASecretIsTakenOutInEveryFormThatASlipGivesIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, value := range map[string]string{
		"password": `p&ss"w<rd`,
		"pem":      "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nok\n-----END KEY-----\n",
		"prefix":   "MIIEvQIBADAN",
	} {
		if err := os.MkdirAll(filepath.Join(dir, "p"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "p", name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &secrets{dir: dir}
	for _, name := range []string{"password", "prefix", "pem"} {
		if _, err := s.read("p", name); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct{ printed, want string }{
		"as it is":               {`login with p&ss"w<rd failed`, "login with [secret] failed"},
		"in JSON":                {`{"password":"p&ss\"w<rd"}`, `{"password":"[secret]"}`},
		"in JSON of Go":          {`{"password":"p\u0026ss\"w\u003crd"}`, `{"password":"[secret]"}`},
		"a line of it":           {"MIIEvQIBADANBgkqhkiG", "[secret]"},
		"words that are no line": {"ok", "ok"},
	} {
		if got := s.redact(tt.printed); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestWhatAdminsReadOfAnUpgradeHasNoSecrets(t *testing.T) {
	t.Parallel()
	h := &Host{config: Config{Log: slog.New(slog.DiscardHandler)}}
	h.board.changed = make(chan struct{})
	h.board.add(&entry{status: Status{Name: "p"}})
	h.secrets.remember("s3cr3t")
	s := &supervisor{Host: h, name: "p", current: &instance{}, note: errors.New("1.1.0 could not take over: it ended\nlogin with s3cr3t failed")}
	s.tellUpdate()
	if got := h.Plugins()[0].Update; strings.Contains(got, "s3cr3t") {
		t.Errorf("Update = %s", got)
	}
}
