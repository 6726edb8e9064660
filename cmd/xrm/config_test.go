package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// load reads a configuration in a folder of its own. A file called xrm.yaml
// is written there unless it is "".
func load(t *testing.T, file string, environ []string, args ...string) (Config, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if file != "" {
		if err := os.WriteFile("xrm.yaml", []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	configFlags(flags, "listen", "store", "data", "keyFile")
	flags.Bool("json", false, "a flag of the command itself")
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return loadConfig(flags, environ)
}

func TestWithoutAnySettingTheDefaultsHold(t *testing.T) {
	got, err := load(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaultConfig(), got); diff != "" {
		t.Error(diff)
	}
}

func TestALaterLayerWins(t *testing.T) {
	file := "listen: 127.0.0.1:1\ndata: ./file\nregion: AT\nkeyFile: a.key\nlimits: {depth: 7, bodyBytes: 9}\ntimeout: {request: 1m}\n"
	environ := []string{"XRM_DATA=./environment", "XRM_LIMITS_BODY_BYTES=10", "XRM_LISTEN=127.0.0.1:2", "XRM_TIMEOUT_STORE=2s", "HOME=/"}
	got, err := load(t, file, environ, "--listen", "127.0.0.1:3", "--key-file", "b.key", "--json")
	if err != nil {
		t.Fatal(err)
	}
	want := defaultConfig()
	want.Listen, want.Data, want.Region, want.KeyFile = "127.0.0.1:3", "./environment", "AT", "b.key"
	want.Limits.Depth, want.Limits.BodyBytes = 7, 10
	want.Timeout.Request, want.Timeout.Store = time.Minute, 2*time.Second
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMistakesInTheConfigurationSayWhereTheyAre(t *testing.T) {
	tests := map[string]struct {
		file    string
		environ []string
		args    []string
		want    string
	}{
		"unknown keys in the file": {
			file: "listen: 127.0.0.1:1\nstroe: sqlite\nlimits:\n  deepth: 3\n",
			want: "xrm.yaml:2: unknown key \"stroe\"; did you mean \"store\"?\nxrm.yaml:4: unknown key \"deepth\"; did you mean \"depth\"?",
		},
		"a word where a number is expected": {
			file: "limits: {depth: deep}\n",
			want: "xrm.yaml:1: \"deep\" where a whole number is expected",
		},
		"a word where a duration is expected": {
			file: "timeout: {request: soon}\n",
			want: "xrm.yaml:1: \"soon\" where a duration such as 10s is expected",
		},
		"unknown variable": {
			environ: []string{"XRM_LISTN=127.0.0.1:1"},
			want:    "the environment sets XRM_LISTN, which is no setting; did you mean \"XRM_LISTEN\"?",
		},
		"variable of the wrong kind": {
			environ: []string{"XRM_LIMITS_DEPTH=deep"},
			want:    "XRM_LIMITS_DEPTH: \"deep\" where a whole number is expected",
		},
		"values that cannot be meant, all at once": {
			file: "listen: \"8080\"\nregion: XX\ncollation: de-u-co-phonbk\nserver: localhost\nlog: {format: xml, level: loud}\nlimits: {depth: 0}\n",
			want: strings.Join([]string{
				`listen (XRM_LISTEN) must be an address with a port such as 127.0.0.1:8080, not "8080"`,
				`region (XRM_REGION) must be a country by its two letters such as DE, not "XX"`,
				`collation (XRM_COLLATION) must be a language whose order is known, such as de, sv or de-u-co-phonebk, not "de-u-co-phonbk"; did you mean "de-u-co-phonebk"?`,
				`server (XRM_SERVER) must begin with http:// or https://, not "localhost"`,
				`log.format (XRM_LOG_FORMAT) must be text or json, not "xml"`,
				`log.level (XRM_LOG_LEVEL) must be debug, info, warn or error, not "loud"`,
				`limits.depth (XRM_LIMITS_DEPTH) must be more than 0, not 0`,
			}, "\n"),
		},
		"a store whose password must not be shown": {
			args: []string{"--store", "postgres://me:secret@db"},
			want: "store (XRM_STORE) must be sqlite, memory, or begin with mongodb://",
		},
		"a named file that is not there": {
			args: []string{"--config", "other.yaml"},
			want: "read the configuration: open other.yaml: no such file or directory",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tt.file, tt.environ, tt.args...)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestTheFileMayBeNamedInTheEnvironment(t *testing.T) {
	other := filepath.Join(t.TempDir(), "site.yaml")
	if err := os.WriteFile(other, []byte("region: CH\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := load(t, "region: AT\n", []string{"XRM_CONFIG=" + other, "XRM_KEY=xrm_secret", "XRM_BIN=bin/xrm", "XRM_TEST_ANYTHING=1"})
	if err != nil || got.Region != "CH" {
		t.Errorf("region %q, %v; want CH", got.Region, err)
	}
}

func TestServerURLFollowsFromWhereTheServerListens(t *testing.T) {
	tests := map[string]struct {
		config Config
		want   string
	}{
		"loopback":      {Config{Listen: "127.0.0.1:8080"}, "http://127.0.0.1:8080"},
		"all addresses": {Config{Listen: ":80"}, "http://127.0.0.1:80"},
		"unspecified":   {Config{Listen: "[::]:80"}, "http://127.0.0.1:80"},
		"named":         {Config{Listen: ":80", Server: "https://xrm.example.org/"}, "https://xrm.example.org"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.config.ServerURL(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
