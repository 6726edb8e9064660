package plugintest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// served is a plugin with one service.
func served(run sdk.ServiceFunc) sdk.Plugin {
	return sdk.Plugin{Name: "mail", Version: "1", Services: map[string]sdk.ServiceFunc{"inbox": run}}
}

func TestAServiceRunsUntilItIsStoppedAndIsRefusedThen(t *testing.T) {
	began, after := make(chan error), make(chan error, 1)
	h := plugintest.Start(t, served(func(ctx context.Context, host sdk.Host) error {
		_, err := host.Find(ctx, sdk.Criteria{Entity: "product"})
		began <- err
		<-ctx.Done()
		_, err = host.Find(context.WithoutCancel(ctx), sdk.Criteria{Entity: "product"})
		after <- err
		return nil
	}))
	for range 2 {
		stop := h.StartService("inbox")
		if err := <-began; err != nil {
			t.Errorf("while it has its lease it is told: %v", err)
		}
		stop()
		if err := <-after; err == nil || !strings.Contains(err.Error(), "has ended") {
			t.Errorf("after its lease it is told: %v", err)
		}
	}
}

func TestAServiceThatEndsByItselfSaysWhy(t *testing.T) {
	for want, run := range map[string]sdk.ServiceFunc{
		"the service returned by itself; go on until ctx ends": func(context.Context, sdk.Host) error { return nil },
		"no route to the mail server":                          func(context.Context, sdk.Host) error { return errors.New("no route to the mail server") },
		"panic: no such letter":                                func(context.Context, sdk.Host) error { panic("no such letter") },
	} {
		if err := plugintest.Start(t, served(run)).RunService("inbox"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it ends with %v, want %s", err, want)
		}
	}
}

// looked is a test whose errors are looked at.
type looked struct {
	testing.TB
	errors []string
}

func (l *looked) Errorf(format string, args ...any) {
	l.errors = append(l.errors, fmt.Sprintf(format, args...))
}

func TestAServiceThatOutlivesItsLeaseFailsTheTest(t *testing.T) {
	l := &looked{TB: t}
	release, began := make(chan struct{}), make(chan struct{})
	h := plugintest.Start(l, served(func(context.Context, sdk.Host) error { close(began); <-release; return nil }))
	stop := h.StartService("inbox")
	<-began
	stop()
	close(release)
	if len(l.errors) != 1 || !strings.Contains(l.errors[0], "still runs") {
		t.Errorf("the test is told %q", l.errors)
	}
}

func TestAServiceThatTheManifestDoesNotAskForFailsTheTest(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("plugin.yaml", []byte("name: mail\nversion: \"1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &failedStart{looked{TB: t}, nil}
	plugintest.Start(l, served(func(ctx context.Context, _ sdk.Host) error { <-ctx.Done(); return nil }))
	if l.told == nil || !strings.Contains(l.told.Error(), "service inbox: it goes on by itself for as long as the plugin runs; needs has to have services: [inbox]") {
		t.Errorf("the test is told %v", l.told)
	}
}

// failedStart is told of an error.
type failedStart struct {
	looked
	told error
}

func (f *failedStart) Error(args ...any) { f.told, _ = args[0].(error) }
