package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestTheRecordsOfAPluginAreWrittenForGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	entity, file := filepath.Join(dir, "entities", "visit.yaml"), filepath.Join(dir, "records_gen.go")
	gen := func(want string, args ...string) {
		t.Helper()
		status, out, complaints := command(t, nil, append([]string{"plugin", "gen", dir}, args...)...)
		if (status == 0) != (complaints == "") || out+complaints != want {
			t.Errorf("status %d, output %q, errors %q; want %q", status, out, complaints, want)
		}
	}
	gen("there is no folder " + filepath.Join(dir, "entities") + "; the entities of a plugin are expected there\n")
	write(t, entity, "entity: visit\nfields:\n  hours: {type: decimel}\n")
	gen(entity + ":3: field \"hours\": unknown type \"decimel\"; did you mean \"decimal\"?\n")
	write(t, entity, "entity: visit\nfields:\n  hours: {type: decimal}\n  shop: {type: reference, to: shop}\n")
	gen(entity + ":4: field \"shop\": to: there is no entity or role \"shop\"\nWhere it is another plugin's: --entities DIR names the folder with its entities.\n")
	others := t.TempDir()
	write(t, filepath.Join(others, "shop.yaml"), "entity: shop\nfields:\n  name: {type: text}\n")
	write(t, filepath.Join(dir, "main_test.go"), "package visits_test\n")
	write(t, filepath.Join(dir, "visits.go"), "package visits\n")
	gen(file+" is not what its entities say; run: xrm plugin gen "+dir+"\n", "--entities", others, "--check")
	gen(file+"\n", "--entities", others)
	gen(file+" is current\n", "--entities", others, "--check")
	if source := read(t, file); !strings.Contains(source, "\npackage visits\n") || !strings.Contains(source, ") Hours() sdk.Decimal") || strings.Contains(source, "type Shop ") {
		t.Errorf("what is written:\n%s", source)
	}
	write(t, entity, "entity: visit\nfields:\n  shop: {type: reference, to: shop}\n")
	gen(file+"\n", "--entities", others)
	if source := read(t, file); strings.Contains(source, "Hours") {
		t.Error("a field that is gone has its methods still")
	}
	write(t, file, "package visits\n")
	gen(file+" was written by somebody else; give it another name\n", "--entities", others)
}
