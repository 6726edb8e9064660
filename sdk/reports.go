package sdk

import (
	"sync"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// reports lets several goroutines of a job tell how far they are.
type reports struct {
	mu     sync.Mutex
	stream grpc.ServerStreamingServer[pluginpb.JobReport]
}

func (r *reports) send(done, total int64, note string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stream.Send(&pluginpb.JobReport{Done: done, Total: total, Note: note})
}

func (r *reports) fail(e *pluginpb.Error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stream.Send(&pluginpb.JobReport{Error: e})
}
