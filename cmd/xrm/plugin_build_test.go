package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scripted writes the source of a plugin that a script builds.
func scripted(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "source")
	write(t, filepath.Join(dir, "plugin.yaml"), "name: "+name+"\nversion: 1.0.0\nprotocol: 1\nexecutable: run\n")
	write(t, filepath.Join(dir, "build.sh"), "printf '#!/bin/sh\\n' >run\nchmod 755 run\n")
	write(t, filepath.Join(dir, "entities", "ring.yaml"), "entity: ring\nfields: {}\n")
	write(t, filepath.Join(dir, "entities", "sound.yaml"), "entity: sound\nfields: {}\n")
	write(t, filepath.Join(dir, ".gitignore"), "/run\n")
	write(t, filepath.Join(dir, "bell-1.0.0-linux-amd64.tar.gz"), "packed earlier")
	return dir
}

// tree lists the files below a folder, and which can be executed.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var list strings.Builder
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		list.WriteString(filepath.ToSlash(strings.TrimPrefix(file, dir+string(filepath.Separator))))
		if err == nil && info.Mode()&0o100 != 0 {
			list.WriteString("*")
		}
		list.WriteString("\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.String()
}

func TestAPluginWithAScriptIsBuiltToWhereAServerLooks(t *testing.T) {
	t.Parallel()
	dir, plugins := scripted(t, "bell"), filepath.Join(t.TempDir(), "bin", "plugins")
	place := filepath.Join(plugins, "bell")
	status, out, complaints := command(t, nil, "plugin", "build", dir, "--to", plugins)
	if want := "bell 1.0.0 is in " + place + "\n"; status != 0 || out != want || complaints != "sh build.sh\n" {
		t.Fatalf("status %d, %s%s\nwant %s", status, out, complaints, want)
	}
	if diff := cmp.Diff("build.sh\nentities/ring.yaml\nentities/sound.yaml\nplugin.yaml\nrun*\n", tree(t, place)); diff != "" {
		t.Errorf("what is installed:\n%s", diff)
	}

	if err := os.Remove(filepath.Join(dir, "entities", "sound.yaml")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(place, "__pycache__", "x.pyc"), "it has run here")
	if status, _, complaints := command(t, nil, "plugin", "build", dir, "--to", plugins); status != 0 {
		t.Fatalf("once more: %s", complaints)
	}
	if diff := cmp.Diff("__pycache__/x.pyc\nbuild.sh\nentities/ring.yaml\nplugin.yaml\nrun*\n", tree(t, place)); diff != "" {
		t.Errorf("without an entity:\n%s", diff)
	}
}

func TestBuildingAPluginInGoLeavesItsSourceAsItIs(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	place := filepath.Join(plugins, "hello")
	write(t, filepath.Join(place, "plugin.yaml"), "name: hello\nversion: 0.9.0\nexecutable: good-day\n")
	write(t, filepath.Join(place, "good-day"), "the program of an earlier version")
	before := tree(t, "../../examples/hello-plugin")
	if status, _, complaints := command(t, nil, "plugin", "build", "../../examples/hello-plugin", "--to", plugins); status != 0 {
		t.Fatal(complaints)
	}
	if diff := cmp.Diff("README.md\nhello*\nplugin.yaml\n", tree(t, place)); diff != "" {
		t.Errorf("what is installed:\n%s", diff)
	}
	if diff := cmp.Diff(before, tree(t, "../../examples/hello-plugin")); diff != "" {
		t.Errorf("the source:\n%s", diff)
	}
}

func TestAPluginIsNotBuiltOverWhatSomebodyKeepsThere(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(t *testing.T, dir, plugins string)
		want    string
	}{
		"its own source": {
			func(t *testing.T, dir, plugins string) {
				if err := os.Symlink(dir, filepath.Join(plugins, "bell")); err != nil {
					t.Fatal(err)
				}
			},
			"DIR is where the source of the plugin is; name another folder for what is built with --to\n",
		},
		"another source of it": {
			func(t *testing.T, _, plugins string) {
				write(t, filepath.Join(plugins, "bell", "plugin.yaml"), "name: bell\nversion: 1.1.0\nexecutable: run\n")
				write(t, filepath.Join(plugins, "bell", ".git", "HEAD"), "ref: refs/heads/main")
			},
			"install the plugin: PLUGINS/bell/.git is in the way: it is no part of the plugin bell; remove it, or name another folder\n",
		},
		"a name that leads elsewhere": {
			func(t *testing.T, dir, _ string) {
				write(t, filepath.Join(dir, "plugin.yaml"), "name: ../bell\nversion: 1.0.0\nprotocol: 1\nexecutable: run\n")
			},
			"invalid: DIR/plugin.yaml: name is \"../bell\"; use another of lower-case letters, digits and dashes, such as fax-server\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, plugins := scripted(t, "bell"), t.TempDir()
			tt.prepare(t, dir, plugins)
			before := tree(t, plugins)
			status, out, complaints := command(t, nil, "plugin", "build", dir, "--to", plugins)
			if want := strings.NewReplacer("DIR", dir, "PLUGINS", plugins).Replace(tt.want); status != 1 || out != "" || !strings.HasSuffix(complaints, want) {
				t.Errorf("status %d, %s%s\nwant %s", status, out, complaints, want)
			}
			if diff := cmp.Diff(before, tree(t, plugins)); diff != "" {
				t.Errorf("what was there:\n%s", diff)
			}
		})
	}
}

func TestMakeBuildsPluginsAsTheProgramDoes(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), "make", "--no-print-directory", "--dry-run", "build")
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	manifests, err := filepath.Glob("../../plugins/*/plugin.yaml")
	if err != nil || len(manifests) == 0 {
		t.Fatalf("plugins: %v, %v", manifests, err)
	}
	want := "bin/xrm plugin build --to bin/plugins"
	for _, manifest := range manifests {
		want += " plugins/" + filepath.Base(filepath.Dir(manifest))
	}
	if !strings.Contains(string(out), want+"\n") || strings.Count(string(out), "go build") != 1 {
		t.Errorf("make build runs\n%swant, of plugins, only\n%s", out, want)
	}
}
