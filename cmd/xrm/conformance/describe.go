package conformance

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/cron"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

func describeChecks() []check {
	return []check{
		{
			name: "describes itself", expected: "Describe answers with a name and a version",
			remedy: "answer Describe with name and version at least; it needs no host and no configuration",
			run:    describes,
		},
		{
			name: "describes itself always the same", expected: "Describe answers twice alike",
			remedy: "build the answer once, or sort what comes out of a map",
			run:    describesTwiceAlike,
		},
		{
			name: "bears what it does not know", expected: "a request with fields of a later protocol is answered like any other",
			remedy: "leave unknown fields to the protobuf library, which ignores them",
			run:    bearsUnknownFields,
		},
		{
			name: "is what its manifest says", expected: "name and version of Describe are those of plugin.yaml",
			remedy: "change name and version in the program and in plugin.yaml together",
			run:    isWhatItsManifestSays,
		},
		{
			name: "features", expected: "Describe asks only for features that this host has: " + strings.Join(contract.Features(), ", "),
			remedy: "name only what sdk/pluginpb/plugin.proto names, or use a newer xrm",
			run:    featuresAreKnown,
		},
		{
			name: "names", expected: "every name is of the form of its kind, and stands once",
			remedy: "use camelCase in the API, ENTITY.ACTION for topics and needs, and paths that begin with a slash",
			run:    namesAreWellFormed,
		},
		{
			name: "types", expected: "every type is there: scalars of the entity language, objects that are described, no records among arguments",
			remedy: "sdk/pluginpb/plugin.proto, message Type, lists what there is",
			run:    typesAreKnown,
		},
		{
			name: "size", expected: "Describe answers no more than a server takes of one plugin",
			remedy: "sdk/README.md says how much that is; split the plugin, or leave out what nobody uses",
			run:    describesLittleEnough,
		},
		{
			name: "jobs", expected: "every job has a schedule, and a time zone that is there",
			remedy: "give a cron expression of five fields or @every, and an IANA name such as Europe/Berlin",
			run:    jobsArePlanned,
		},
	}
}

func (b *bench) describe(ctx context.Context, request *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	l, err := b.plugin(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return l.plugin.Describe(ctx, request)
}

func describes(ctx context.Context, b *bench) error {
	d, err := b.describe(ctx, &pluginpb.DescribeRequest{Features: contract.Features()})
	if err == nil && (d.GetName() == "" || d.GetVersion() == "") {
		err = fmt.Errorf("name %q, version %q", d.GetName(), d.GetVersion())
	}
	if err == nil {
		b.description = d
	}
	return err
}

func describesTwiceAlike(ctx context.Context, b *bench) error {
	_, first, err := b.described(ctx)
	if err != nil {
		return err
	}
	second, err := b.describe(ctx, &pluginpb.DescribeRequest{Features: contract.Features()})
	if err == nil && !proto.Equal(first, second) {
		err = errors.New("two different answers")
	}
	return err
}

func bearsUnknownFields(ctx context.Context, b *bench) error {
	_, known, err := b.described(ctx)
	if err != nil {
		return err
	}
	request := &pluginpb.DescribeRequest{Features: []string{"invented"}}
	request.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 9999, protowire.BytesType), "later"))
	got, err := b.describe(ctx, request)
	if err == nil && got.GetName() != known.GetName() {
		err = fmt.Errorf("it calls itself %q then", got.GetName())
	}
	return err
}

func isWhatItsManifestSays(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	switch {
	case err != nil:
		return err
	case b.program.Name == "":
		return inapplicable("there is no plugin.yaml beside the program")
	}
	return b.program.Compare(d)
}

func featuresAreKnown(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	for _, f := range d.GetFeatures() {
		if !slices.Contains(contract.Features(), f) {
			wrong = append(wrong, fmt.Errorf("%q%s", f, strictyaml.Suggest(f, contract.Features())))
		}
	}
	return errors.Join(wrong...)
}

func namesAreWellFormed(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	seen := map[string]bool{}
	name := func(kind, owner, name string, form *regexp.Regexp) {
		if !form.MatchString(name) {
			wrong = append(wrong, fmt.Errorf("the %s %q", kind, owner+name))
		}
		if seen[kind+owner+name] {
			wrong = append(wrong, fmt.Errorf("the %s %q twice", kind, owner+name))
		}
		seen[kind+owner+name] = true
	}
	needed := func(kind, what string, everybody bool, rights []string) {
		for _, right := range rights {
			name("right that "+what+" needs", "", right, naming.Need)
		}
		if everybody && len(rights) > 0 {
			wrong = append(wrong, fmt.Errorf("the %s %q, which is for everybody and needs something", kind, what))
		}
	}
	name("plugin", "", d.GetName(), naming.Plugin)
	for _, o := range d.GetOperations() {
		name("operation", "", o.GetName(), naming.API)
		if _, known := pluginpb.Operation_Kind_name[int32(o.GetKind())]; !known || o.GetKind() == pluginpb.Operation_KIND_UNSPECIFIED {
			wrong = append(wrong, fmt.Errorf("the operation %q is neither a query nor a mutation nor a subscription", o.GetName()))
		}
		needed("operation", o.GetName(), o.GetForEverybody(), o.GetNeeds())
	}
	for _, f := range d.GetFields() {
		name("field", f.GetEntity()+".", f.GetName(), naming.API)
	}
	for _, topic := range d.GetSubscriptions() {
		name("topic", "", topic, naming.Topic)
	}
	for _, j := range d.GetJobs() {
		name("job", "", j.GetName(), naming.API)
	}
	for _, s := range d.GetServices() {
		name("service", "", s.GetName(), naming.API)
	}
	for _, p := range d.GetPages() {
		name("page", "", p.GetName(), naming.API)
		name("digest of the page "+p.GetName(), "", p.GetDigest(), naming.Digest)
		needed("page", p.GetName(), p.GetForEverybody(), p.GetNeeds())
	}
	for _, e := range d.GetEndpoints() {
		name("endpoint", e.GetMethod()+" ", e.GetPath(), naming.Path)
	}
	return errors.Join(wrong...)
}

func typesAreKnown(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	t := contract.NewTranslator(d)
	for _, o := range d.GetOperations() {
		t.Operation(o)
	}
	for _, f := range d.GetFields() {
		t.Computed(f)
	}
	return t.Err()
}

func describesLittleEnough(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	return contract.CheckSize(d)
}

func jobsArePlanned(ctx context.Context, b *bench) error {
	_, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	if len(d.GetJobs()) == 0 {
		return inapplicable("the plugin has no jobs")
	}
	var wrong []error
	for _, j := range d.GetJobs() {
		if _, err := cron.Parse(j.GetSchedule(), j.GetTimeZone()); err != nil {
			wrong = append(wrong, fmt.Errorf("the job %s: %w", j.GetName(), err))
		}
	}
	return errors.Join(wrong...)
}
