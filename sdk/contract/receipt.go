package contract

import (
	"errors"
	"io"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// Receipts reads the answer to a Deliver of so many events. It returns the
// receipts that have come, also with an error; without one they may be fewer,
// or more by those of one message, than there are events.
func Receipts(answer grpc.ServerStreamingClient[pluginpb.DeliverResponse], events int) (receipts []*pluginpb.Receipt, err error) {
	for len(receipts) <= events {
		part, err := answer.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return receipts, err
		}
		receipts = append(receipts, part.GetReceipts()...)
	}
	return receipts, nil
}
