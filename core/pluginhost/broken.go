package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// broken is the end of a call that the protocol has no answer for, in words that
// an administrator understands. It still is the gRPC status that it was.
type broken struct {
	status *status.Status
	unsent bool // it never left the host
}

// errUnsent is what the error of a call is that never left the host.
var errUnsent = errors.New("not sent")

// inWords turns the error of a connection to a plugin into a broken; it leaves
// alone what is none. A plugin may send a message of many megabytes: of that there
// is no more than anybody reads.
func inWords(err error, unsent bool) error {
	var known *broken
	var raw interface{ GRPCStatus() *status.Status }
	if errors.As(err, &known) || !errors.As(err, &raw) {
		return err
	}
	s := raw.GRPCStatus()
	return &broken{status: status.New(s.Code(), cut(s.Message(), maxLine)), unsent: unsent}
}

// GRPCStatus lets status.Code see what it was.
func (b *broken) GRPCStatus() *status.Status { return b.status }

// Is makes it an errUnsent.
func (b *broken) Is(target error) bool { return b.unsent && target == errUnsent }

var tooLarge = regexp.MustCompile(`larger than max \((\d+) vs\. (\d+)\)`)

func (b *broken) Error() string {
	message := b.status.Message()
	said := func(what string) bool { return strings.Contains(message, what) }
	switch code := b.status.Code(); {
	case code == codes.DeadlineExceeded:
		return "it did not answer in time"
	case code == codes.Canceled:
		return "it was not waited for"
	case code == codes.Unimplemented:
		return "it does not know the call; build it with a newer sdk, or let Describe not name what needs it"
	case code == codes.ResourceExhausted && tooLarge.MatchString(message):
		sizes := tooLarge.FindStringSubmatch(message)
		return fmt.Sprintf("a message has %s bytes, and %s is the most; let it ask and answer in smaller parts", sizes[1], sizes[2])
	case said("authentication handshake failed"):
		return "its certificate is not the one of its handshake"
	case code == codes.Unavailable && said("dial"):
		return "nothing answers at the address of its handshake"
	case code == codes.Unavailable:
		return "its connection ended before it had answered"
	case code == codes.Internal && said("marshal"):
		return "what it answered cannot be read: it is not of the protocol"
	case code == codes.Internal && (said("RST_STREAM") || said("stream terminated") || said("transport")):
		return "it broke the call off"
	case message == "":
		return "it broke the call off without a word"
	}
	return fmt.Sprintf("it answered outside of the protocol: %s", message)
}

// wordUnary is a grpc.UnaryClientInterceptor that puts errors into words.
func wordUnary(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	var to peer.Peer
	err := invoke(ctx, method, request, reply, conn, append(options, grpc.Peer(&to))...)
	return inWords(err, to.Addr == nil)
}

// wordStream is a grpc.StreamClientInterceptor that puts errors into words.
func wordStream(ctx context.Context, what *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := open(ctx, what, conn, method, options...)
	if err != nil {
		return nil, inWords(err, true)
	}
	return wordedStream{stream}, nil
}

type wordedStream struct{ grpc.ClientStream }

func (s wordedStream) SendMsg(m any) error { return inWords(s.ClientStream.SendMsg(m), false) }
func (s wordedStream) RecvMsg(m any) error { return inWords(s.ClientStream.RecvMsg(m), false) }
