package plugintest_test

import (
	"testing"

	"github.com/openxrm/xrm/sdk/plugintest"
)

func TestAServerNeedsThePluginInTheFolderOfTheTest(t *testing.T) {
	got := fatal(t, func(t testing.TB) { plugintest.NewServer(t) })
	if want := "read the manifest: open plugin.yaml: no such file or directory; NewServer builds the plugin in the folder of the test"; got != want {
		t.Errorf("the test ends with %s\nwant %s", got, want)
	}
}
