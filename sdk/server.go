package sdk

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// server answers the host for one Plugin.
type server struct {
	pluginpb.UnimplementedPluginServer

	plugin      Plugin
	description *pluginpb.DescribeResponse
	connect     func() (pluginpb.HostClient, error) // waits for the host's side; called once
	hostGone    func()                              // the lifeline has ended
	firstCall   func()                              // called before the first handler; nil for nothing to do

	once    sync.Once
	host    pluginpb.HostClient
	hostErr error
	running inFlight
	ears    ears
}

func (s *server) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	return s.description, nil
}

// Watch is the first call. It connects back to the host, which has a few
// seconds' patience for that.
func (s *server) Watch(_ *pluginpb.WatchRequest, stream pluginpb.Plugin_WatchServer) error {
	if _, err := s.hostClient(); err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	err := s.report(stream)
	if stream.Context().Err() != nil {
		s.hostGone()
		return nil
	}
	return err
}

// hostClient connects on the first call.
func (s *server) hostClient() (pluginpb.HostClient, error) {
	s.once.Do(func() {
		if s.firstCall != nil {
			s.firstCall()
		}
		if s.host, s.hostErr = s.connect(); s.hostErr != nil {
			s.hostErr = fmt.Errorf("connect back to the host: %w", s.hostErr)
		}
	})
	return s.host, s.hostErr
}

func (s *server) BeforeSave(ctx context.Context, r *pluginpb.BeforeSaveRequest) (*pluginpb.BeforeSaveResponse, error) {
	answer := &pluginpb.BeforeSaveResponse{}
	for _, change := range r.GetChanges() {
		verdict := &pluginpb.Verdict{}
		verdict.Error = s.run(r.GetContext(), "BeforeSave "+change.GetAfter().GetEntity(), func(host Host) error {
			record, err := fromWire(change.GetAfter())
			if err != nil {
				return err
			}
			if record.Before, err = fromWire(change.GetBefore()); err != nil {
				return err
			}
			rule, ok := s.plugin.BeforeSave[record.Entity]
			if !ok {
				return fmt.Errorf("there is no rule for %s", record.Entity)
			}
			if err := rule(ctx, host, record); err != nil {
				return err
			}
			verdict.Patch, err = record.patch()
			return err
		})
		answer.Verdicts = append(answer.Verdicts, verdict)
	}
	return answer, nil
}

func (s *server) Resolve(ctx context.Context, r *pluginpb.ResolveRequest) (*pluginpb.ResolveResponse, error) {
	answer := &pluginpb.ResolveResponse{}
	answer.Error = s.run(r.GetContext(), "Resolve "+r.GetEntity()+"."+r.GetField(), func(host Host) error {
		parents, err := manyFromWire(r.GetParents())
		if err != nil {
			return err
		}
		for _, f := range s.plugin.Fields {
			if f.entity != r.GetEntity() || f.name != r.GetField() {
				continue
			}
			values, err := f.resolve(ctx, host, parents)
			if err != nil {
				return err
			}
			for _, value := range values {
				encoded, err := pluginpb.EncodeAny(value)
				if err != nil {
					return err
				}
				answer.Values = append(answer.Values, encoded)
			}
			return nil
		}
		return fmt.Errorf("there is no field %s.%s", r.GetEntity(), r.GetField())
	})
	return answer, nil
}

func (s *server) Call(ctx context.Context, r *pluginpb.CallRequest) (*pluginpb.CallResponse, error) {
	answer := &pluginpb.CallResponse{}
	answer.Error = s.run(r.GetContext(), "Call "+r.GetOperation(), func(host Host) error {
		return s.operate(ctx, host, r.GetOperation(), r.GetArguments(), func(result []byte) error {
			answer.Result = result
			return nil
		})
	})
	return answer, nil
}

// Subscribe ends with the handler. That a result could not be sent needs no
// telling: whoever followed is gone.
func (s *server) Subscribe(r *pluginpb.SubscribeRequest, stream pluginpb.Plugin_SubscribeServer) error {
	ctx := stream.Context()
	failed := s.run(r.GetContext(), "Subscribe "+r.GetOperation(), func(host Host) error {
		return s.operate(ctx, host, r.GetOperation(), r.GetArguments(), func(result []byte) error {
			return stream.Send(&pluginpb.SubscribeResponse{Result: result})
		})
	})
	if failed == nil || ctx.Err() != nil {
		return nil
	}
	return stream.Send(&pluginpb.SubscribeResponse{Error: failed})
}

// operate carries out an operation of any kind.
func (s *server) operate(ctx context.Context, host Host, name string, arguments []byte, send func([]byte) error) error {
	for _, o := range s.plugin.Operations {
		if o.name == name {
			return o.run(ctx, host, arguments, func(result any) error {
				encoded, err := pluginpb.EncodeAny(result)
				if err != nil {
					return err
				}
				return send(encoded)
			})
		}
	}
	return fmt.Errorf("there is no operation %s", name)
}

func (s *server) BeforeDelete(ctx context.Context, r *pluginpb.BeforeDeleteRequest) (*pluginpb.BeforeDeleteResponse, error) {
	answer := &pluginpb.BeforeDeleteResponse{}
	for _, sent := range r.GetRecords() {
		verdict := &pluginpb.Verdict{}
		verdict.Error = s.run(r.GetContext(), "BeforeDelete "+sent.GetEntity(), func(host Host) error {
			record, err := fromWire(sent)
			if err != nil {
				return err
			}
			rule, ok := s.plugin.BeforeDelete[record.Entity]
			if !ok {
				return fmt.Errorf("there is no rule for deletions of %s", record.Entity)
			}
			return rule(ctx, host, record)
		})
		answer.Verdicts = append(answer.Verdicts, verdict)
	}
	return answer, nil
}

// run calls a handler. A panic costs this call and not the process; what the
// user may not see travels for the host's log alone.
func (s *server) run(call *pluginpb.CallContext, what string, handler func(Host) error) (answer *pluginpb.Error) {
	s.running.begin()
	defer s.running.end()
	defer func() {
		if p := recover(); p != nil {
			answer = toWire(what, fmt.Errorf("panic: %v", p))
			answer.Stack = strings.ToValidUTF8(string(debug.Stack()), "\uFFFD")
		}
	}()
	host, err := s.hostClient()
	if err == nil {
		err = handler(caller{host: host, context: call, ears: &s.ears})
	}
	if err == nil {
		return nil
	}
	return toWire(what, err)
}
