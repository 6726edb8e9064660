package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestTheNamesOfARemovedPluginAreFreedDeliberately(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		plugins, data := t.TempDir(), t.TempDir()
		cast(t, plugins, "visits", "needs: {rules: [visit]}")
		environ := []string{"XRM_PLUGINS=" + plugins, "XRM_DATA=" + data}
		if len(flags) > 0 {
			environ = append(environ, "XRM_STORE="+flags[1])
		}
		refused := func(want string, args ...string) {
			t.Helper()
			if status, out, complaints := command(t, environ, append([]string{"plugin", "forget"}, args...)...); status != 1 || out != "" || complaints != want+"\n" {
				t.Errorf("forget %v: status %d, %s\ngot  %s\nwant %s", args, status, out, complaints, want)
			}
		}
		var p *process
		inherited := func() {
			t.Helper()
			p.becomes(`{ __type(name: "Visit") { name } }`, nil, `{"__type":{"name":"Visit"}}`)
			if got, want := p.must(`{ visits { nodes { note by } } }`, nil), `{"visits":{"nodes":[{"note":"of the first","by":null}]}}`; got != want {
				t.Errorf("the successor has %s, want %s", got, want)
			}
		}
		p = spawn(t, data, nil, append(flags, "--plugins", plugins)...).ready()
		p.pluginProcess("visits")
		p.must(`mutation { createVisit(data: {note: "of the first"}) { visit { id } } }`, nil)
		refused("visits is not removed, so its names are its own; end it first with: xrm plugin remove visits", "visits")
		succeeds(t, environ, "plugin", "remove", "visits")
		p.becomes(`{ plugins { name state } }`, nil, `{"plugins":[{"name":"visits","state":"REMOVED"}]}`)

		cast(t, plugins, "successor", "")
		p.becomes(`{ plugins { name state lastError } }`, nil, `{"plugins":[{"name":"successor","state":"INVALID","lastError":"invalid: the definitions of the plugin successor 1.0.0 do not fit: `+
			`plugin successor/entities/visit.yaml:1: \"visit\" was left by the plugin visits, which is disabled or removed; choose another name, or free this one with xrm plugin forget visits, once it is removed"},{"name":"visits","state":"REMOVED","lastError":null}]}`)
		refused("visits has left 1 record of visit, and whatever takes these names next would read that; let it have other names, or agree with: xrm plugin forget visits --hand-over", "visits")
		if got, want := p.must(`{ visits { nodes { note } } }`, nil), `{"visits":{"nodes":[{"note":"of the first"}]}}`; got != want {
			t.Errorf("what it has left is read as %s, want %s", got, want)
		}

		const done = "visits is forgotten. Within two seconds these names are free: visit. What takes them next reads 1 record of visit. A plugin that was refused one tries again after: xrm plugin reload NAME\n"
		if got := succeeds(t, environ, "plugin", "forget", "visits", "--hand-over"); got != done {
			t.Errorf("forget says %s, want %s", got, done)
		}
		if got, want := succeeds(t, environ, "plugin", "forget", "visits"), "visits is forgotten already.\n"; got != want {
			t.Errorf("forget says %s, want %s", got, want)
		}
		p.becomes(`{ __type(name: "Visit") { name } }`, nil, `{"__type":null}`)
		succeeds(t, environ, "plugin", "reload", "successor")
		inherited()
		p.stop()
		p = spawn(t, data, nil, append(flags, "--plugins", plugins)...).ready()
		inherited()
		p.stop()
		if strings.Contains(p.log.String(), "do not fit any more") {
			t.Errorf("something of the first is still there:\n%s", p.log)
		}
	})
}

// What was forgotten and is approved again is known again, so that its rules hold
// when it does not come up.
func TestAPluginThatWasForgottenMayComeBack(t *testing.T) {
	t.Parallel()
	plugins, data := t.TempDir(), t.TempDir()
	cast(t, plugins, "visits", "needs: {rules: [visit]}")
	environ := []string{"XRM_PLUGINS=" + plugins, "XRM_DATA=" + data}
	p := spawn(t, data, nil, "--plugins", plugins).ready()
	p.pluginProcess("visits")
	succeeds(t, environ, "plugin", "remove", "visits")
	p.becomes(`{ plugins { state } }`, nil, `{"plugins":[{"state":"REMOVED"}]}`)
	const done = "visits is forgotten. Within two seconds these names are free: visit. Nothing is stored under them. A plugin that was refused one tries again after: xrm plugin reload NAME\n"
	if got := succeeds(t, environ, "plugin", "forget", "visits"); got != done {
		t.Errorf("forget says %s, want %s", got, done)
	}
	p.becomes(`{ __type(name: "Visit") { name } }`, nil, `{"__type":null}`)
	succeeds(t, environ, "plugin", "approve", "visits", "--yes")
	p.becomes(`{ plugins { state } }`, nil, `{"plugins":[{"state":"SERVING"}]}`)
	p.stop()
	write(t, filepath.Join(plugins, "visits", "plugin.yaml"), "name: visits\nversion: 1.0.0\nprotocol: 1\nexecutable: none\n")
	p = spawn(t, data, nil, "--plugins", plugins).ready()
	if got := refusal(p.ask(`mutation { createVisit(data: {note: "x"}) { visit { id } } }`, nil, new(rawText))); !strings.HasPrefix(got, "UNAVAILABLE The plugin visits is not running") {
		t.Errorf("a visit without the rule: %s", got)
	}
	p.stop()
}
