package sdk

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// lifeline keeps what is sent over Watch.
type lifeline struct {
	grpc.ServerStream
	ctx  context.Context
	sent []string
}

func (l *lifeline) Context() context.Context { return l.ctx }

func (l *lifeline) Send(h *pluginpb.Health) error {
	l.sent = append(l.sent, h.GetState().String()+" "+h.GetReason())
	return nil
}

func TestAPluginSaysWhenItIsDegradedAndWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		down := errors.New("the ERP does not answer")
		checks := []error{nil, nil, down, down, context.DeadlineExceeded, nil, nil}
		asked := 0
		s := &server{plugin: Plugin{Check: func(ctx context.Context) error {
			says := checks[asked]
			asked++
			if errors.Is(says, context.DeadlineExceeded) {
				<-ctx.Done()
			}
			return says
		}}}
		l := &lifeline{ctx: ctx}
		ended := make(chan error)
		go func() { ended <- s.report(l) }()
		time.Sleep(checkEvery * time.Duration(len(checks)-1))
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("when the host has gone: %v", err)
		}
		want := []string{"SERVING ", "DEGRADED the ERP does not answer", "DEGRADED context deadline exceeded", "SERVING "}
		if diff := cmp.Diff(want, l.sent); diff != "" {
			t.Errorf("said (-want +got):\n%s", diff)
		}
		if asked != len(checks) {
			t.Errorf("asked %d times, want %d", asked, len(checks))
		}
	})
}
