package pluginhost_test

import (
	"debug/elf"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
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
		"a role without a name of its own": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: p\nneeds: {roles: {sales.lead: {product: true}}}\n", pluginhost.Invalid,
			`invalid: FILE: needs.roles: "sales.lead" cannot be the name of a role; use camelCase`,
		},
		"a way out of the folder": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: ../../bin/sh\n", pluginhost.Invalid,
			`invalid: FILE: executable is "../../bin/sh"; it must lie within the folder`,
		},
		"a program that is not there": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: other\n", pluginhost.Invalid,
			`invalid: FILE: executable "other" is not there`,
		},
		"permissions that there are not": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: p\nneeds:\n  record: {}\n  http: [PSOT /erp, erp, /ok]\n  connect: [443, https, 70000]\n  files: [spool]\n  asPlugin: perhaps\nonFailure: {customer: alow}\nlimits: {memory: lots}\n", pluginhost.Invalid,
			`invalid: FILE:6: unknown key "record"; did you mean "records"?
FILE:7: there is no method "PSOT"; did you mean "POST"?
FILE:7: "erp" where a path such as /erp or POST /erp is expected
FILE:8: "https" where a port from 1 to 65535 is expected
FILE:8: "70000" where a port from 1 to 65535 is expected
FILE:9: "spool" where an absolute path is expected
FILE:10: "perhaps" where true or false is expected
FILE:11: "alow" where allow or deny is expected; did you mean "allow"?
FILE:12: "lots" where an amount such as 256MiB is expected`,
		},
		"more time than a manifest may take": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: p\ntimeouts: {save: 3s}\n", pluginhost.Invalid,
			"invalid: FILE: timeouts.save is 3s; it must be more than 0 and at most 2s, beyond which only the site's own settings can go",
		},
		"a feature of a later host": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: p\nfeatures: [operations, feilds]\n", pluginhost.Incompatible,
			`incompatible: p needs the feature "feilds", which this xrm does not have; did you mean "fields"?; upgrade xrm or use an older version of the plugin`,
		},
		"another xrm": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: p\nrequires: {xrm: \">=1.2 <2\"}\n", pluginhost.Incompatible,
			"incompatible: p 1.0.0 runs with xrm >=1.2 <2, and this is xrm 2.1.0; use another version of one of them",
		},
		"a bound that is none": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: p\nrequires: {xrm: \"~1.2\"}\n", pluginhost.Invalid,
			`invalid: FILE: requires.xrm is "~1.2": "~1.2" is no bound such as >=1.2 or <2`,
		},
		"a build for other machines": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutables: {plan9/mips: p, linux/s390: p}\n", pluginhost.Incompatible,
			"incompatible: p 1.0.0 is built for linux/s390, plan9/mips, and this machine is " + runtime.GOOS + "/" + runtime.GOARCH + "; get a build for it",
		},
		"an interpreter that is not there": {
			"name: p\nversion: 1.0.0\nprotocol: 1\nexecutable: p\ninterpreter: python9\n", pluginhost.Invalid,
			"invalid: FILE: it is run by python9, which is not in PATH (" + os.Getenv("PATH") + "); install it, or name another",
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
			h := start(t, pluginhost.Config{Dir: dir, Version: "v2.1.0"})
			got := await(t, h, "p", in(tt.state)).LastError
			if want := strings.ReplaceAll(tt.want, "FILE", file); got != want {
				t.Errorf("LastError = %s\nwant        %s", got, want)
			}
		})
	}
}

func TestAProgramThatCannotRunSaysWhyBeforeItIsStarted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content string
		mode    os.FileMode
		state   pluginhost.State
		want    string // "FILE" stands for the program's path
	}{
		"it may not be executed":    {"#!/bin/sh\n", 0o644, pluginhost.Invalid, "invalid: FILE may not be executed; run chmod +x on it, or name an interpreter in plugin.yaml"},
		"it is no program":          {"hello\n", 0o755, pluginhost.Invalid, "invalid: FILE is neither a script that begins with #! nor a program for linux"},
		"a script without its host": {"#!/opt/nowhere/lua\n", 0o755, pluginhost.Invalid, "invalid: FILE:1: it is run by /opt/nowhere/lua, which is not there; install it, or name another"},
		"a script by way of env":    {"#!/usr/bin/env python9\n", 0o755, pluginhost.Invalid, "invalid: FILE:1: it is run by python9, which is not in PATH (" + os.Getenv("PATH") + "); install it, or name another"},
		"it is for another machine": {elfHeader(elf.EM_RISCV), 0o755, pluginhost.Incompatible, "incompatible: FILE is built for linux/riscv64, and this machine is linux/" + runtime.GOARCH + "; get a build for it"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS != "linux" || runtime.GOARCH == "riscv64" {
				t.Skip("the texts are those of Linux, on anything but RISC-V")
			}
			dir := install(t, "p")
			file := filepath.Join(dir, "p", "p")
			write(t, file, tt.content)
			if err := os.Chmod(file, tt.mode); err != nil {
				t.Fatal(err)
			}
			got := await(t, start(t, pluginhost.Config{Dir: dir}), "p", in(tt.state)).LastError
			if want := strings.ReplaceAll(tt.want, "FILE", file); got != want {
				t.Errorf("LastError = %s\nwant        %s", got, want)
			}
		})
	}
}

// elfHeader is the beginning of a program for a machine, and nothing else.
func elfHeader(machine elf.Machine) string {
	return "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00" + string([]byte{byte(machine)}) + "\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 40)
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
	_, err := begin(pluginhost.Config{RunDir: long})
	if err == nil || !strings.Contains(err.Error(), "a socket's path is limited, so it may have at most 69") {
		t.Errorf("Start = %v, want the limit", err)
	}
}

func TestTheRunDirectoryOfADeadHostIsSwept(t *testing.T) {
	t.Setenv("TMPDIR", shortDir(t))
	dead, living := filepath.Join(os.TempDir(), "xrm-4194305-1"), filepath.Join(os.TempDir(), "xrm-1-1") // above the largest process id, and init
	for _, dir := range []string{dead, living} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h, err := begin(pluginhost.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "xrm-*"))
	if len(left) != 1 || left[0] != living {
		t.Errorf("left: %v, want %s", left, living)
	}
}

func TestWhatIsNoFileHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(path string) error{
		"a pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a device": func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		for _, file := range []string{"p/plugin.yaml", "p/data", "p.yaml", "approved.yaml"} {
			t.Run(name+" "+file, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				put(t, dir, "works", "1.0.0", "")
				path := filepath.Join(dir, file)
				if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				if err := make(path); err != nil {
					t.Fatal(err)
				}
				h := start(t, pluginhost.Config{Dir: dir, Trust: pluginhost.TrustApproved})
				got := await(t, h, "p", func(s pluginhost.Status) bool { return s.LastError != "" })
				if want := path + " is no file"; !strings.Contains(got.LastError, want) {
					t.Errorf("LastError = %s, want it to say %s", got.LastError, want)
				}
			})
		}
	}
}
