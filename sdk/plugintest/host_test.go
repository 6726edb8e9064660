package plugintest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// failing is a test that may fail: it keeps what it fails with.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Fatal(args ...any) {
	f.said = fmt.Sprint(args...)
	runtime.Goexit()
}

func (f *failing) Fatalf(format string, args ...any) { f.Fatal(fmt.Sprintf(format, args...)) }

// fatal returns what a test fails with.
func fatal(t *testing.T, test func(t testing.TB)) string {
	t.Helper()
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(f)
	}()
	<-done
	return f.said
}

func pass(context.Context, sdk.Host, *sdk.Record) error { return nil }

func moods(_ context.Context, _ sdk.Host, parents []*sdk.Record) ([]string, error) {
	return make([]string, len(parents)), nil
}

func first(context.Context, sdk.Host, struct{}) (*sdk.Record, error) { return nil, nil }

var visit = fstest.MapFS{"visit.yaml": {Data: []byte("entity: visit\nfields:\n  note: {type: text}\n")}}

func TestAnEntityThatIsNotThereEndsTheTest(t *testing.T) {
	tests := map[string]struct {
		plugin sdk.Plugin
		others fstest.MapFS
		want   string
	}{
		"its own":       {sdk.Plugin{Entities: visit, BeforeSave: map[string]sdk.SaveFunc{"visit": pass}}, nil, ""},
		"another's":     {sdk.Plugin{BeforeSave: map[string]sdk.SaveFunc{"visit": pass}}, visit, ""},
		"a shipped one": {sdk.Plugin{BeforeSave: map[string]sdk.SaveFunc{"customer": pass}}, nil, ""},
		"mistyped": {
			sdk.Plugin{
				Entities: visit, BeforeSave: map[string]sdk.SaveFunc{"vist": pass},
				Operations: []sdk.Operation{sdk.Query("firstVisit", first).Returns("visits")},
				Fields:     []sdk.Field{sdk.Computed("custmer", "mood", moods)},
			}, nil,
			`the plugin visits:
BeforeSave: there is no entity or role "vist"; did you mean "visit"?
Returns of firstVisit: there is no entity or role "visits"; did you mean "visit"?
Computed custmer.mood: there is no entity or role "custmer"; did you mean "customer"?`,
		},
		"a topic mistyped": {
			sdk.Plugin{Events: []sdk.Subscription{sdk.On("order.creatd", func(context.Context, sdk.Host, *sdk.Event) error { return nil })}}, nil,
			`the plugin visits:
topic "order.creatd": nothing of that kind happens to records of order; did you mean "order.created"? ` +
				`records are created, updated, deleted, restored, merged or erased, and * is all of it`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.plugin.Name, tt.plugin.Version = "visits", "1.0.0"
			got := fatal(t, func(t testing.TB) { plugintest.Start(t, tt.plugin, tt.others) })
			if got != tt.want {
				t.Errorf("Start ends the test with\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestWhatBindsTheRecordsOfOthersEndsTheTestUnlessTheManifestAsksForIt(t *testing.T) {
	vat := fstest.MapFS{"customer.yaml": {Data: []byte("extend: customer\nfields:\n  vat: {type: text, required: true}\n")}}
	const (
		constrains = `the plugin vat:
plugin vat/customer.yaml:3: field "vat" is required, which binds all who save records of customer, and customer is not the plugin's own; needs in vat/plugin.yaml has to have constrains: [customer]; then approve it: xrm plugin approve vat`
		fields = `
vat/plugin.yaml: extend customer: customer is not the plugin's own; needs has to have fields: [customer]; then approve it: xrm plugin approve vat`
	)
	for needs, want := range map[string]string{
		"needs: {fields: [customer], constrains: [customer]}": "",
		"needs: {fields: [customer]}":                         constrains,
		"":                                                    constrains + fields,
	} {
		t.Run(needs, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("plugin.yaml", []byte("name: vat\nversion: \"1\"\n"+needs+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			got := fatal(t, func(t testing.TB) { plugintest.Start(t, sdk.Plugin{Name: "vat", Version: "1", Entities: vat}) })
			if got != want {
				t.Errorf("Start ends the test with\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestAMistakeOfThePluginIsTold(t *testing.T) {
	h := plugintest.Start(t, sdk.Plugin{Name: "rash", Version: "1.0.0", Operations: []sdk.Operation{
		sdk.Query("fail", func(context.Context, sdk.Host, struct{}) (string, error) { return "", errors.New("disk on fire") }),
		sdk.Query("panic", func(context.Context, sdk.Host, struct{}) (string, error) { panic("no such thing") }),
	}})
	for operation, want := range map[string]string{
		"fail":  "The plugin made a mistake: Call fail: disk on fire",
		"panic": "The plugin made a mistake: Call panic: panic: no such thing",
	} {
		_, err := h.Call(operation, nil)
		var refused *sdk.Error
		if !errors.As(err, &refused) || refused.Code != sdk.CodeInternal || refused.Message != want {
			t.Errorf("Call(%s) = %#v, want the message %q", operation, err, want)
		}
	}
}

func TestWhatThePluginDoesNotHaveEndsTheTest(t *testing.T) {
	p := sdk.Plugin{
		Name: "visits", Version: "1.0.0", Entities: visit,
		Operations: []sdk.Operation{sdk.Query("firstVisit", first).Returns("visit")},
		Fields:     []sdk.Field{sdk.Computed("visit", "mood", moods)},
	}
	tests := map[string]struct {
		use  func(h *plugintest.Host)
		want string
	}{
		"an operation": {
			func(h *plugintest.Host) { _, _ = h.Call("fristVisit", nil) },
			`the plugin has no operation "fristVisit"; did you mean "firstVisit"?`,
		},
		"a field": {
			func(h *plugintest.Host) { _, _ = h.Resolve("visit", "mod") },
			`the plugin has no field "visit.mod"; did you mean "visit.mood"?`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := fatal(t, func(t testing.TB) { tt.use(plugintest.Start(t, p)) }); got != tt.want {
				t.Errorf("the test ends with %s\nwant %s", got, tt.want)
			}
		})
	}
}
