package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

func callChecks() []check {
	kind := func(kind, expected, remedy string) check {
		return check{
			name: kind + "s answer", expected: expected, remedy: remedy,
			run: func(ctx context.Context, b *bench) error { return b.try(ctx, kind) },
		}
	}
	return []check{
		kind("rule", "one verdict for each change, in order: an error, or a patch of fields that are there with values that fit",
			"answer every change, with an empty verdict where there is nothing to say"),
		{
			name: "rules of deletions answer", expected: "one verdict for each record, in order",
			remedy: "answer every record, with an empty verdict where there is nothing to say",
			run:    func(ctx context.Context, b *bench) error { return b.try(ctx, "rule of deletions") },
		},
		kind("field", "one JSON value of the declared type for each parent, in order; null where there is none",
			"answer every parent"),
		kind("operation", "a JSON value of the declared type, or an error in band",
			"what a person can cause belongs into the answer, as Error; a gRPC status says that the program is broken"),
		{
			name: "an unknown operation", expected: "INTERNAL in band",
			remedy: "answer what you do not know with an Error of the code INTERNAL and its cause",
			run: func(ctx context.Context, b *bench) error {
				return b.refusesUnknown(ctx, "operation", func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
					answer, err := c.Call(ctx, &pluginpb.CallRequest{Context: id, Operation: "noSuchOperation", Arguments: []byte("{}")})
					return answer.GetError(), err
				})
			},
		},
		{
			name: "an unknown field", expected: "INTERNAL in band",
			remedy: "answer what you do not know with an Error of the code INTERNAL and its cause",
			run: func(ctx context.Context, b *bench) error {
				return b.refusesUnknown(ctx, "field", func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
					answer, err := c.Resolve(ctx, &pluginpb.ResolveRequest{Context: id, Entity: "noSuchEntity", Field: "noSuchField", Parents: []*pluginpb.Record{{Entity: "noSuchEntity", Id: sampleID(1), Values: []byte("{}")}}})
					return answer.GetError(), err
				})
			},
		},
		{
			name: "an unknown rule", expected: "INTERNAL in band, in the verdict",
			remedy: "answer what you do not know with an Error of the code INTERNAL and its cause: an empty verdict would let everything pass",
			run: func(ctx context.Context, b *bench) error {
				return b.refusesUnknown(ctx, "rule", func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
					record := &pluginpb.Record{Entity: "noSuchEntity", Values: []byte("{}")}
					answer, err := c.BeforeSave(ctx, &pluginpb.BeforeSaveRequest{Context: id, Changes: []*pluginpb.Change{{After: record}}})
					if len(answer.GetVerdicts()) == 0 {
						return nil, err
					}
					return answer.GetVerdicts()[0].GetError(), err
				})
			},
		},
		{
			name: "codes", expected: "every error has one of the codes INVALID, NOT_FOUND, FORBIDDEN, CONFLICT, UNAVAILABLE and INTERNAL",
			remedy: "choose the code by what the user can do about it; see message Error in sdk/pluginpb/plugin.proto",
			run:    codesAreKnown,
		},
	}
}

// refusesUnknown asks for something of a kind that the plugin has, but not of
// this name.
func (b *bench) refusesUnknown(ctx context.Context, kind string, ask func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error)) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(b.handlers(d), func(h handler) bool { return h.kind == kind }) {
		return inapplicable("the plugin has no " + kind)
	}
	refused, err := b.call(ctx, l, handler{kind: kind, ask: ask})
	switch {
	case err != nil:
		return err
	case refused == nil:
		return errors.New("no error")
	case refused.GetCode() != "INTERNAL":
		return errors.New(describeError(refused))
	}
	return nil
}

func codesAreKnown(ctx context.Context, b *bench) error {
	if _, _, err := b.described(ctx); err != nil {
		return err
	}
	if len(b.refusals) == 0 {
		return inapplicable("the plugin refused nothing")
	}
	var wrong []error
	for _, refused := range b.refusals {
		switch refused.GetCode() {
		case "INVALID", "NOT_FOUND", "FORBIDDEN", "CONFLICT", "UNAVAILABLE":
			if refused.GetMessage() == "" && len(refused.GetViolations()) == 0 {
				wrong = append(wrong, fmt.Errorf("%s without a word on what is wrong", refused.GetCode()))
			}
		case "INTERNAL":
			if strings.TrimSpace(refused.GetCause()) == "" {
				wrong = append(wrong, errors.New("INTERNAL without a cause for the log"))
			}
		default:
			wrong = append(wrong, fmt.Errorf("the code %q", refused.GetCode()))
		}
	}
	return errors.Join(wrong...)
}
