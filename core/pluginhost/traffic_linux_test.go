package pluginhost_test

import (
	"os"
	"testing"

	"github.com/openxrm/xrm/core/pluginhost"
)

func TestAPluginConnectsToTheHostAFewTimesOnly(t *testing.T) {
	h, _ := working(t, pluginhost.Config{})
	descriptors := func() int {
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(open)
	}
	before := descriptors()
	if got := must(t, h, "connect 500"); got != "2" {
		t.Fatalf("it connected to %s sockets, want its own and that of the host", got)
	}
	must(t, h, "save ticket")
	if more := descriptors() - before; more > 2 {
		t.Errorf("%d descriptors more are open, want 2 at most", more)
	}
	if got := must(t, h, "version"); got != "1.0.0" {
		t.Errorf("it says %s", got)
	}
}
