package pluginhost_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/pluginhost"
)

func TestTheFilesInTheReadmeAreValid(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "```yaml\n")
	if len(blocks) != 3 {
		t.Fatalf("%d blocks of YAML, want the manifest and the settings", len(blocks)-1)
	}
	manifest, _, _ := strings.Cut(blocks[1], "```")
	settings, _, _ := strings.Cut(blocks[2], "```")
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"fax/bin/fax-amd64", "fax/bin/fax-arm64"} {
		if err := os.MkdirAll(filepath.Join(dir, "fax", "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		script(t, filepath.Join(dir, name), fmt.Sprintf("exec '%s' works", binary))
	}
	write(t, filepath.Join(dir, "fax", "plugin.yaml"), manifest)
	write(t, filepath.Join(dir, "fax.yaml"), settings)
	if runtime.GOOS != "linux" {
		t.Skip("it is built for Linux")
	}
	h := start(t, pluginhost.Config{Dir: dir, Version: "1.4.0"})
	await(t, h, "fax", in(pluginhost.Serving))
	want := `asPlugin
connect 443
connections gateway: site
connections provider: api.example.com:443
constrains customer
events order.created
fields customer
files /var/spool/fax
http /fax/files/
http POST /fax
mail
operations issueVoucher
records customer: {read: true}
roles operator: {faxJob: {create: true, read: true}, operations: [cancelFax]}
rules order
secrets providerKey`
	if got := strings.Join(h.Terms("fax").Needs.Lines(), "\n"); got != want {
		t.Errorf("it needs\n%s\nwant\n%s", got, want)
	}
}

func TestAnInterpreterRunsWhatMayNotBeExecuted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "works", "1.0.0", "interpreter: sh\n")
	if err := os.Chmod(filepath.Join(dir, "p", "run"), 0o644); err != nil {
		t.Fatal(err)
	}
	h := start(t, pluginhost.Config{Dir: dir})
	await(t, h, "p", in(pluginhost.Serving))
}
