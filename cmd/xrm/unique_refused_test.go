package main

import (
	"path/filepath"
	"strings"
	"testing"
)

const sharedValue = ` of %s cannot be unique: live records have the same value. Change all but one of each, which xrm check --model lists, then start xrm again, or reload the plugin that wants it.`

func TestAUniqueFieldThatStoredValuesDoNotFitIsRefusedWithFileAndLine(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		const plain = "entity: thing\nfields:\n  name: {type: text}\n  code: {type: text}\n"
		data, folder := t.TempDir(), siteFolder(t, map[string]string{"thing.yaml": plain})
		serve := func() *process { return spawn(t, data, nil, append(flags, "--entities", folder)...).ready() }
		p := serve()
		p.must(`mutation { createThings(data: [{code: "secret"}, {code: "secret"}]) { outcome } }`, nil)
		p.stop()
		write(t, filepath.Join(folder, "thing.yaml"), strings.Replace(plain, "code: {type: text}", "code: {type: text, unique: true}", 1))
		p = serve()
		want := `A definition of the site does not fit what is stored, so the last ones that served are in force: thing.yaml:4: field \"code\"` + strings.Replace(sharedValue, "%s", "thing", 1)
		if _, body := p.get("/readyz"); !strings.Contains(body, want) || strings.Contains(body, "secret") {
			t.Errorf("/readyz answers %s\nwant it to have %s", body, want)
		}
		p.await(p.log, `definition="[^"]*thing.yaml:4: field .*2 records have .*secret`)
		p.stop()
	})
}

func TestAUniqueFieldOfAPluginThatStoredValuesDoNotFitIsRefusedWithItsVersion(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		plugins := t.TempDir()
		file := filepath.Join(plugins, "mover", "definitions", "move.yaml")
		const plain = "entity: move\nfields:\n  code: {type: text}\n"
		write(t, file, plain)
		cast(t, plugins, "mover", "")
		p := spawn(t, t.TempDir(), nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("mover")
		p.must(`mutation { createMoves(data: [{code: "a"}, {code: "a"}]) { outcome } }`, nil)
		write(t, file, strings.Replace(plain, "text", "text, unique: true", 1))
		eventually(t, func() string {
			got := p.must(`{ plugins { state update } }`, nil)
			want := `"state":"SERVING","update":"1.0.0 could not take over: invalid: the definitions of the plugin mover 1.0.0 do not fit: plugin mover/move.yaml:3: field \"code\"` + strings.Replace(sharedValue, "%s", "move", 1)
			if !strings.Contains(got, want) {
				return "the plugins are " + got + ", want " + want
			}
			return ""
		})
		p.stop()
	})
}
