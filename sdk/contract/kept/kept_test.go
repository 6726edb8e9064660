package kept_test

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk/contract/kept"
)

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestKeysAndValuesAreBounded(t *testing.T) {
	tests := map[string]struct {
		key   string
		value int
		want  string
	}{
		"the largest":   {strings.Repeat("k", 200), 1 << 20, ""},
		"no value":      {"k", 0, ""},
		"no key":        {"", 0, "The key is empty; name what is kept."},
		"no UTF-8":      {"\xff", 0, "The key is not UTF-8; encode it, for example as hex."},
		"a long key":    {strings.Repeat("k", 201), 0, "The key has 201 bytes; shorten it to 200."},
		"a large value": {"k", 1<<20 + 1, `The value of the key "k" has 1048577 bytes; split it into values of at most 1048576.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := said(kept.Check(tt.key, make([]byte, tt.value))); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestAPluginKeepsSoMuchAndNoMore(t *testing.T) {
	const full = "The plugin loyalty keeps 67108863 bytes already; at most 67108864 are allowed. Remove what is not needed, or let it expire."
	if got := said(kept.CheckRoom("loyalty", 64<<20-1, []byte("1"))); got != "" {
		t.Errorf("the last byte: %s", got)
	}
	if got := said(kept.CheckRoom("loyalty", 64<<20-1, []byte("12"))); got != full {
		t.Errorf("a byte more: %s, want %s", got, full)
	}
}

func TestTheNameOfATimerComesBack(t *testing.T) {
	name, key := kept.SplitTimerKey(kept.TimerKey("sla", "CO/1/2"))
	if name != "sla" || key != "CO/1/2" {
		t.Errorf("%q and %q, want sla and CO/1/2", name, key)
	}
}
