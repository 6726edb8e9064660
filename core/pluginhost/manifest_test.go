package pluginhost_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/pluginhost"
)

func TestAManifestThatIsWrongSaysWhere(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		manifest string
		state    pluginhost.State
		want     string // "FILE" stands for the manifest's path
	}{
		"unknown key": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecuteable: p\n", pluginhost.Invalid,
			`invalid: FILE:4: unknown key "executeable"; did you mean "executable"?`,
		},
		"no mapping": {
			"just text", pluginhost.Invalid,
			`invalid: FILE:1: "just text" where a mapping (key: value) is expected`,
		},
		"several mistakes at once": {
			"name: q\nprotocol: 1\n", pluginhost.Invalid,
			"invalid: FILE: name is \"q\", but the folder is \"p\"; they must be the same\nFILE: version is missing\nFILE: executable is missing",
		},
		"a way out of the folder": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: ../../bin/sh\n", pluginhost.Invalid,
			`invalid: FILE: executable is "../../bin/sh"; it must lie within the folder`,
		},
		"a program that is not there": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: other\n", pluginhost.Invalid,
			`invalid: FILE: executable "other" is not there`,
		},
		"a later protocol": {
			"name: p\nversion: 1.0.0\nprotocol: 2\nexecutable: p\n", pluginhost.Incompatible,
			"incompatible: p speaks plugin protocol 2 and this xrm speaks 1; upgrade xrm or use an older version of the plugin",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := install(t, "p")
			file := filepath.Join(dir, "p", "plugin.yaml")
			write(t, file, tt.manifest)
			h := start(t, pluginhost.Config{Dir: dir})
			got := await(t, h, "p", in(tt.state)).LastError
			if want := strings.ReplaceAll(tt.want, "FILE", file); got != want {
				t.Errorf("LastError = %s\nwant        %s", got, want)
			}
		})
	}
}

func TestADirectoryThatDoesNotExistHoldsNoPlugins(t *testing.T) {
	h := start(t, pluginhost.Config{Dir: filepath.Join(t.TempDir(), "nowhere")})
	h.Settle(t.Context())
	if got := h.Plugins(); len(got) != 0 {
		t.Errorf("plugins = %v, want none", got)
	}
}

func TestARunDirectoryThatIsTooLongIsRefused(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 80))
	_, err := pluginhost.Start(pluginhost.Config{RunDir: long})
	if err == nil || !strings.Contains(err.Error(), "a socket's path is limited, so it may have at most 69") {
		t.Errorf("Start = %v, want the limit", err)
	}
}

func TestTheRunDirectoryOfADeadHostIsSwept(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dead, living := filepath.Join(os.TempDir(), "xrm-4194305-1"), filepath.Join(os.TempDir(), "xrm-1-1") // above the largest process id, and init
	for _, dir := range []string{dead, living} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h, err := pluginhost.Start(pluginhost.Config{})
	if err != nil {
		t.Skip(err) // a long TMPDIR
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "xrm-*"))
	if len(left) != 1 || left[0] != living {
		t.Errorf("left: %v, want %s", left, living)
	}
}
