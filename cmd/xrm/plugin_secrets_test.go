package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/sdk"
)

const vaultNeeds = `needs: {asPlugin: true, secrets: [token], http: [/leak]}`

type vaultConfig struct {
	Region string `json:"region" default:"eu" enum:"eu,us"`
	Slots  int    `json:"slots" default:"4"`
}

// playVault lets its secret slip in every way there is.
func playVault(p *sdk.Plugin) {
	config := &sdk.Config[vaultConfig]{Check: func(c vaultConfig) error {
		if c.Slots > 9 {
			return sdk.Reject("slots", "must fit on one shelf, which has 9")
		}
		return nil
	}}
	p.Config = config
	p.Operations = []sdk.Operation{
		sdk.Mutation("leak", leak),
		sdk.Query("region", func(context.Context, sdk.Host, struct{}) (string, error) { return config.Get().Region, nil }),
	}
	p.Events = []sdk.Subscription{sdk.On("vault.slipped", func(ctx context.Context, host sdk.Host, _ *sdk.Event) error {
		token, err := host.Secret(ctx, "token")
		return errors.Join(err, sdk.DeadLetter(errors.New("it is "+token)))
	})}
	p.Jobs = []sdk.Job{sdk.Cron("slip", "@yearly", func(ctx context.Context, host sdk.Host, run *sdk.JobRun) error {
		token, err := host.Secret(ctx, "token")
		_ = run.Report(1, 2, "it is "+token)
		return errors.Join(err, errors.New("it is "+token))
	})}
	p.Endpoints = []sdk.Endpoint{sdk.HTTP("GET /leak", func(host sdk.Host, _ http.ResponseWriter, r *http.Request) {
		token, _ := host.Secret(r.Context(), "token")
		panic("it is " + token)
	})}
}

type leakIn struct {
	How string `json:"how"`
}

func leak(ctx context.Context, host sdk.Host, in leakIn) (bool, error) {
	token, err := host.Secret(ctx, "token")
	if err != nil {
		return false, err
	}
	switch in.How {
	case "log":
		host.Log(ctx, slog.LevelInfo, "it is "+token, "token", token, "deep", map[string]any{"token": token}, "list", []string{token}, token, 1)
	case "print":
		fmt.Println("it is " + token)
	case "error":
		return false, errors.New("it is " + token)
	case "message":
		return false, &sdk.Error{Code: sdk.CodeInvalid, Message: "It is " + token, Violations: []sdk.Violation{{Field: "how", Message: "is " + token}}}
	case "code":
		return false, &sdk.Error{Code: token}
	case "panic":
		panic("it is " + token)
	case "publish":
		return true, host.Publish(ctx, "slipped", "", nil)
	case "die":
		_, _ = io.WriteString(os.Stderr, "panic: it is "+token+"\n")
		os.Exit(1)
	}
	return true, nil
}

// vaulted is a server with the vault, which serves, and its secret.
func vaulted(t *testing.T, secret string) *process {
	t.Helper()
	plugins, data := t.TempDir(), t.TempDir()
	cast(t, plugins, "vault", vaultNeeds)
	write(t, filepath.Join(data, "secrets", "vault", "token"), secret+"\n")
	p := spawn(t, data, nil, "--plugins", plugins).ready()
	p.pluginProcess("vault")
	p.subscribed("vault")
	return p
}

func TestASecretIsNeverSeen(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]string{
		"one word":     "hunter2-0815",
		"with quotes":  `it"s <a> \secret & more`,
		"of two lines": "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END KEY-----",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := vaulted(t, secret)
			var seen strings.Builder
			for _, how := range []string{"log", "print", "error", "message", "code", "panic", "publish"} {
				fmt.Fprintln(&seen, refusal(p.ask(`mutation ($how: String!) { leak(how: $how) }`, map[string]any{"how": how}, new(rawText))))
			}
			failed := p.must(`{ plugins { failed { call lastError } } }`, nil)
			if !strings.HasPrefix(failed, `{"plugins":[{"failed":[{"call":"leak","lastError":"Call leak: panic: it is [secret]`) {
				t.Errorf("what failed is told as %s", failed)
			}
			seen.WriteString(failed)
			p.becomes(`{ plugins { events { waiting dead } } }`, nil, `{"plugins":[{"events":{"waiting":0,"dead":1}}]}`)
			p.must(`mutation { runPluginJob(plugin: "vault", job: "slip") }`, nil)
			p.becomes(`{ plugins { jobs { outcome } } }`, nil, `{"plugins":[{"jobs":[{"outcome":"FAILED"}]}]}`)
			_, body := p.get("/plugins/vault/leak")
			seen.WriteString(body)
			_ = p.ask(`mutation { leak(how: "die") }`, nil, new(rawText))
			p.await(p.log, `msg="plugin failed" plugin=vault`)
			p.becomes(`{ plugins { state } }`, nil, `{"plugins":[{"state":"SERVING"}]}`)
			seen.WriteString(p.must(`{ plugins { reason update lastError panic events { lastError } jobs { note error } } deadLetters(plugin: "vault") { reason } }`, nil))
			p.stop()
			seen.WriteString(p.log.String())
			for line := range strings.Lines(secret) {
				// As it is, and as it stands within quotes.
				for _, form := range []string{strings.TrimSpace(line), strings.Trim(fmt.Sprintf("%q", strings.TrimSpace(line)), `"`)} {
					if i := strings.Index(seen.String(), form); i >= 0 {
						t.Errorf("%s is told: %s", form, seen.String()[max(0, i-200):min(seen.Len(), i+len(form)+50)])
					}
				}
			}
			if !strings.Contains(seen.String(), "it is [secret]") {
				t.Errorf("nothing was told at all: %s", seen.String())
			}
		})
	}
}

func TestASecretThatIsNotThereIsAskedForByName(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "vault", vaultNeeds)
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("vault")
	const want = "UNAVAILABLE The secret token of the plugin vault is not set. An administrator puts it into a file of this name in the folder of the plugin's secrets."
	if got := refusal(p.ask(`mutation { leak(how: "log") }`, nil, new(rawText))); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	p.stop()
}

func TestSettingsThatAreWrongAreMendedWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	cast(t, plugins, "vault", vaultNeeds)
	settings := filepath.Join(plugins, "vault.yaml")
	write(t, settings, "# ours\nconfig:\n  region: mars\n  slots: 3\n")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.becomes(`{ plugins { state lastError } }`, nil, `{"plugins":[{"state":"MISCONFIGURED","lastError":"misconfigured: `+settings+`:3: config: region must be one of eu, us, not \"mars\""}]}`)

	rewrite(t, settings, "config:\n  region: us\n  slots: 10\n")
	p.becomes(`{ plugins { state lastError } }`, nil, `{"plugins":[{"state":"MISCONFIGURED","lastError":"misconfigured: `+settings+`:3: config: slots must fit on one shelf, which has 9"}]}`)

	rewrite(t, settings, "config:\n  region: us\n")
	pid := p.pluginProcess("vault")
	if got, want := p.must(`{ region }`, nil), `{"region":"us"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}

	rewrite(t, settings, "config: {slots: many}\n")
	p.becomes(`{ plugins { state update } region }`, nil, `{"plugins":[{"state":"SERVING","update":"its new settings do not take effect: misconfigured: `+settings+`:1: config: slots must be a whole number, not \"many\""}],"region":"us"}`)

	rewrite(t, settings, "config: {region: eu}\n")
	p.becomes(`{ plugins { state update } region }`, nil, `{"plugins":[{"state":"SERVING","update":null}],"region":"eu"}`)
	if now := p.pluginProcess("vault"); now != pid {
		t.Errorf("it runs as process %d, and was %d: settings need no restart", now, pid)
	}
	p.stop()
}

// rewrite replaces a file so that it is seen to be another.
func rewrite(t *testing.T, file, text string) {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, text)
	later := info.ModTime().Add(time.Second)
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
}
