package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// handler is something of a plugin that the host calls. ask returns the refusal
// of the plugin, or an error that says what is wrong with its answer.
type handler struct {
	kind string
	name string
	ask  func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error)
}

// handlers lists what the plugin has described, with questions that fit.
func (b *bench) handlers(d *pluginpb.DescribeResponse) []handler {
	var all []handler
	for _, entity := range d.GetBeforeSave() {
		all = append(all, handler{"rule", entity, b.askRule(entity, 3)})
	}
	for _, entity := range d.GetBeforeDelete() {
		all = append(all, handler{"rule of deletions", entity, b.askDeletion(entity)})
	}
	for _, f := range d.GetFields() {
		all = append(all, handler{"field", f.GetEntity() + "." + f.GetName(), b.askField(f, 3)})
	}
	for _, o := range d.GetOperations() {
		if o.GetKind() == pluginpb.Operation_SUBSCRIPTION {
			continue // which may have nothing to say
		}
		all = append(all, handler{"operation", o.GetName(), askOperation(o, objectsOf(d))})
	}
	for _, topic := range d.GetSubscriptions() {
		all = append(all, handler{"event", topic, b.askEvents(topic)})
	}
	for _, name := range d.GetTimers() {
		all = append(all, handler{"timer", name, askTimer(name)})
	}
	for _, j := range d.GetJobs() {
		all = append(all, handler{"job", j.GetName(), askJob(j.GetName())})
	}
	for _, e := range d.GetEndpoints() {
		all = append(all, handler{"endpoint", e.GetMethod() + " " + e.GetPath(), askEndpoint(e)})
	}
	if d.GetPartyData().GetExport() {
		all = append(all, handler{"export", "of a party", askExport})
	}
	return all
}

// try asks every handler of a kind, and remembers what it learns.
func (b *bench) try(ctx context.Context, kind string) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	asked := 0
	for _, h := range b.handlers(d) {
		if h.kind != kind {
			continue
		}
		asked++
		before := b.host.callbacks()
		refused, err := b.call(ctx, l, h)
		for _, fault := range append(b.host.takeFaults(), err, itself(refused)) {
			if fault != nil {
				wrong = append(wrong, fmt.Errorf("%s %s: %w", kind, h.name, fault))
			}
		}
		if refused != nil {
			b.refusals = append(b.refusals, refused)
		}
		if b.talkative == nil && b.host.callbacks() > before {
			b.talkative = &h
		}
	}
	if asked == 0 {
		return inapplicable("the plugin has no " + kind)
	}
	return errors.Join(wrong...)
}

// itself is the error of a plugin that failed by its own fault: what was asked is
// nothing that it could refuse with INTERNAL.
func itself(refused *pluginpb.Error) error {
	if refused.GetCode() != "INTERNAL" {
		return nil
	}
	cause, _, _ := strings.Cut(strings.TrimSpace(refused.GetCause()), "\n")
	if at := inPlugin(refused.GetStack()); at != "" {
		cause += ", at " + at
	}
	return fmt.Errorf("INTERNAL: %s", cause)
}

// inPlugin is where a stack of Go or Node.js leaves the runtime and the SDK, or where one
// of Python ends outside of that: the line of the plugin that failed; "" where none can be
// told.
func inPlugin(stack string) string {
	last := ""
	for line := range strings.Lines(stack) {
		file, _, _ := strings.Cut(strings.TrimSpace(line), " +0x")
		if strings.HasPrefix(line, "\t") && strings.Contains(file, ".go:") && !strings.Contains(file, "/src/runtime/") && !strings.Contains(file, "/sdk/") {
			return file
		}
		if found := frameOfNode.FindStringSubmatch(line); found != nil && !ofSDK(found[1]) && !strings.Contains(found[1], "/node_modules/") {
			return found[1] + ":" + found[2]
		}
		if found := frameOfPython.FindStringSubmatch(line); found != nil && !ofSDK(found[1]) && !strings.Contains(found[1], "/lib/python") {
			last = found[1] + ":" + found[2]
		}
	}
	return last
}

var (
	frameOfPython = regexp.MustCompile(`^  File "(.+\.py)", line (\d+), in `)
	frameOfNode   = regexp.MustCompile(`^    at .*file://(.+\.m?[jt]s):(\d+):\d+\)?\s*$`)
)

// ofSDK says whether a file is one of the folder xrm that lies in that of a plugin.
func ofSDK(file string) bool { return path.Base(path.Dir(file)) == "xrm" }

// call asks one handler as part of a call.
func (b *bench) call(ctx context.Context, l *link, h handler) (*pluginpb.Error, error) {
	id, end := b.host.begin(ctx)
	defer end()
	return h.ask(ctx, l.plugin, id)
}

func (b *bench) askRule(entity string, n int) func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error) {
	return func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
		records, err := b.samples(entity, n)
		if err != nil {
			return nil, err
		}
		request := &pluginpb.BeforeSaveRequest{Context: id}
		for i, r := range records {
			change := &pluginpb.Change{After: r}
			if i%2 == 0 { // some are created, some updated
				change.Before = r
			}
			request.Changes = append(request.Changes, change)
		}
		answer, err := c.BeforeSave(ctx, request)
		if err != nil {
			return nil, err
		}
		return b.verdicts(entity, n, answer.GetVerdicts())
	}
}

func (b *bench) askDeletion(entity string) func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error) {
	return func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
		records, err := b.samples(entity, 3)
		if err != nil {
			return nil, err
		}
		answer, err := c.BeforeDelete(ctx, &pluginpb.BeforeDeleteRequest{Context: id, Records: records})
		if err != nil {
			return nil, err
		}
		return b.verdicts(entity, len(records), answer.GetVerdicts())
	}
}

func (b *bench) verdicts(entity string, asked int, verdicts []*pluginpb.Verdict) (refused *pluginpb.Error, err error) {
	if len(verdicts) != asked {
		return nil, fmt.Errorf("%d verdicts for %d records", len(verdicts), asked)
	}
	var wrong []error
	for _, v := range verdicts {
		if v.GetError() != nil {
			if refused.GetCode() != "INTERNAL" { // which says most
				refused = v.GetError()
			}
			continue
		}
		wrong = append(wrong, b.checkPatch(entity, v.GetPatch()))
	}
	return refused, errors.Join(wrong...)
}

func (b *bench) askField(f *pluginpb.ComputedField, n int) func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error) {
	return func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
		parents, err := b.samples(f.GetEntity(), n)
		if err != nil {
			return nil, err
		}
		answer, err := c.Resolve(ctx, &pluginpb.ResolveRequest{Context: id, Entity: f.GetEntity(), Field: f.GetName(), Parents: parents})
		if err != nil || answer.GetError() != nil {
			return answer.GetError(), err
		}
		if len(answer.GetValues()) != n {
			return nil, fmt.Errorf("%d values for %d parents", len(answer.GetValues()), n)
		}
		for _, value := range answer.GetValues() {
			if err := fits(f.GetReturns(), value); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
}

func askExport(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
	answer, err := c.Export(ctx, &pluginpb.ExportRequest{Context: id, Party: sampleID(1)})
	if data := answer.GetData(); err == nil && len(data) > 0 && !json.Valid(data) {
		err = fmt.Errorf("%.100q is no JSON", data)
	}
	return answer.GetError(), err
}

func askOperation(o *pluginpb.Operation, objects map[string]*pluginpb.ObjectType) func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) (*pluginpb.Error, error) {
	return func(ctx context.Context, c pluginpb.PluginClient, id *pluginpb.CallContext) (*pluginpb.Error, error) {
		arguments := encode(sampleArguments(o.GetArguments(), objects, 0))
		answer, err := c.Call(ctx, &pluginpb.CallRequest{Context: id, Operation: o.GetName(), Arguments: arguments})
		if err != nil || answer.GetError() != nil {
			return answer.GetError(), err
		}
		return nil, fits(o.GetReturns(), answer.GetResult())
	}
}

// fits looks at the outside of a value: JSON, and of the kind that its type
// has.
func fits(of *pluginpb.Type, encoded []byte) error {
	value, err := pluginpb.DecodeAny(encoded)
	if err != nil || value == nil {
		return err
	}
	ok := true
	switch of := of.GetOf().(type) {
	case *pluginpb.Type_List:
		_, ok = value.([]any)
	case *pluginpb.Type_Object:
		_, ok = value.(map[string]any)
	case *pluginpb.Type_Entity:
		_, ok = value.(string)
	case *pluginpb.Type_Scalar:
		switch of.Scalar {
		case "integer":
			_, ok = value.(int64)
		case "boolean":
			_, ok = value.(bool)
		default:
			_, ok = value.(string)
		}
	}
	if !ok {
		return fmt.Errorf("%.100s, where the type is %s", encoded, of)
	}
	return nil
}
