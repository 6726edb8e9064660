package pluginhost

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestTheEndOfACallIsToldInWords(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"it did not answer in time":                       status.Error(codes.DeadlineExceeded, "context deadline exceeded"),
		"it was not waited for":                           status.Error(codes.Canceled, "context canceled"),
		"its connection ended before it had answered":     status.Error(codes.Unavailable, "error reading from server: EOF"),
		"nothing answers at the address of its handshake": status.Error(codes.Unavailable, `connection error: desc = "transport: Error while dialing: dial unix /run/x: connect: connection refused"`),
		"its certificate is not the one of its handshake": status.Error(codes.Unavailable, `connection error: desc = "transport: authentication handshake failed: x509: certificate signed by unknown authority"`),
		"it does not know the call; build it with a newer sdk, or let Describe not name what needs it":   status.Error(codes.Unimplemented, "method Describe not implemented"),
		"a message has 17825850 bytes, and 16777216 is the most; let it ask and answer in smaller parts": status.Error(codes.ResourceExhausted, "grpc: received message larger than max (17825850 vs. 16777216)"),
		"what it answered cannot be read: it is not of the protocol":                                     status.Error(codes.Internal, "grpc: failed to unmarshal the received message: proto: cannot parse invalid wire-format data"),
		"it broke the call off":                                   status.Error(codes.Internal, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR"),
		"it broke the call off without a word":                    status.Error(codes.Aborted, ""),
		"it answered outside of the protocol: disk on fire":       status.Error(codes.Unknown, "disk on fire"),
		"describe: it answered outside of the protocol: no right": fmt.Errorf("describe: %w", inWords(status.Error(codes.PermissionDenied, "no right"), false)),
		"EOF": io.EOF,
	} {
		worded := inWords(err, false)
		if got := worded.Error(); got != want || status.Code(worded) != status.Code(err) || errors.Is(worded, errUnsent) {
			t.Errorf("%v is told as %q with the code %s, want %q", err, got, status.Code(worded), want)
		}
	}
	if err := inWords(status.Error(codes.Unavailable, "EOF"), true); !errors.Is(err, errUnsent) {
		t.Errorf("%v: what was not sent is not told as such", err)
	}
}
