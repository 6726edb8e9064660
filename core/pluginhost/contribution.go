package pluginhost

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// contribution translates what a plugin says of itself, and checks it as far as
// that can be done without a model.
func (h *Host) contribution(m Manifest, d *pluginpb.DescribeResponse) (*snapshot.Contribution, error) {
	if d.GetName() != m.Name || d.GetVersion() != m.Version {
		return nil, fmt.Errorf("%w: it says that it is %s %s, but its %s says %s %s", errInvalid,
			d.GetName(), d.GetVersion(), ManifestFile, m.Name, m.Version)
	}
	t := contract.NewTranslator(d)
	if err := checkFeatures(m.Name, d.GetFeatures()); err != nil {
		return nil, err
	}
	c := &snapshot.Contribution{
		By: h, Plugin: m.Name, Version: m.Version,
		BeforeSave: slices.Clone(d.GetBeforeSave()), BeforeDelete: slices.Clone(d.GetBeforeDelete()),
		Topics: slices.Clone(d.GetSubscriptions()), Timers: slices.Clone(d.GetTimers()),
		Entities: mention.Sources(d), Mentions: mention.In(d),
		Rights: access.PluginRights{Plugin: m.Name, Layer: mention.Layer(m.Name)},
	}
	c.PartyData.Said, c.PartyData.Handled = mention.PartyData(d.GetPartyData())
	t.Names("topic", naming.Topic, c.Topics...)
	t.Names("timer", naming.API, c.Timers...)
	for _, j := range d.GetJobs() {
		t.Names("job", naming.API, j.GetName())
		c.Jobs = append(c.Jobs, snapshot.Job{Plugin: m.Name, Name: j.GetName(), Schedule: j.GetSchedule(), TimeZone: j.GetTimeZone(), Doc: j.GetDoc()})
	}
	for _, s := range d.GetServices() {
		t.Names("service", naming.API, s.GetName())
		c.Services = append(c.Services, s.GetName())
	}
	for _, e := range d.GetEndpoints() {
		t.Names("endpoint", naming.Path, e.GetPath())
		c.Endpoints = append(c.Endpoints, snapshot.Endpoint{Method: e.GetMethod(), Path: e.GetPath(), Doc: e.GetDoc()})
	}
	for _, p := range d.GetPages() {
		c.Pages = append(c.Pages, webPage(t, m.Name, p))
	}
	for _, o := range d.GetOperations() {
		c.Operations = append(c.Operations, operation(t, m.Name, o))
	}
	for _, f := range d.GetFields() {
		t.Names("field of "+f.GetEntity(), naming.API, f.GetName())
		c.Fields = append(c.Fields, snapshot.ComputedField{Plugin: m.Name, Entity: f.GetEntity(), Field: t.Computed(f)})
	}
	var err error
	c.Mails, err = contract.Mails(d)
	said, wrong := contract.Texts(d)
	c.Texts = said
	if err := errors.Join(t.Err(), err, wrong); err != nil {
		return nil, fmt.Errorf("%w: %w", errInvalid, err)
	}
	return c, nil
}

// checkFeatures refuses a plugin that needs what this host cannot do.
func checkFeatures(plugin string, needed []string) error {
	for _, name := range needed {
		if !slices.Contains(contract.Features(), name) {
			return fmt.Errorf("%w: %s needs the feature %q, which this xrm does not have; upgrade xrm or use an older version of the plugin", errIncompatible, plugin, name)
		}
	}
	return nil
}

func webPage(t *contract.Translator, plugin string, p *pluginpb.Page) snapshot.Page {
	t.Names("page", naming.API, p.GetName())
	t.Names("digest of the page "+p.GetName(), naming.Digest, p.GetDigest())
	needed(t, "page "+p.GetName(), p.GetForEverybody(), p.GetNeeds())
	return snapshot.Page{
		Plugin: plugin, Name: p.GetName(), Title: p.GetTitle(), Digest: p.GetDigest(),
		Needs: slices.Clone(p.GetNeeds()), ForEverybody: p.GetForEverybody(),
	}
}

// needed holds what a user needs for something against its form.
func needed(t *contract.Translator, what string, everybody bool, needs []string) {
	t.Names("right that "+what+" needs", naming.Need, needs...)
	if everybody && len(needs) > 0 {
		t.Add(what, "it is for everybody and needs %s; it has to be one of them", strings.Join(needs, ", "))
	}
}

func operation(t *contract.Translator, plugin string, o *pluginpb.Operation) snapshot.Operation {
	op := snapshot.Operation{Plugin: plugin, Name: o.GetName(), Doc: o.GetDoc(), Needs: slices.Clone(o.GetNeeds()), ForEverybody: o.GetForEverybody()}
	switch o.GetKind() {
	case pluginpb.Operation_QUERY:
	case pluginpb.Operation_MUTATION:
		op.Mutation = true
	case pluginpb.Operation_SUBSCRIPTION:
		op.Subscription = true
	default:
		t.Add(o.GetName(), "it is neither a query nor a mutation nor a subscription")
	}
	t.Names("operation", naming.API, o.GetName())
	needed(t, o.GetName(), o.GetForEverybody(), o.GetNeeds())
	op.Arguments, op.Result = t.Operation(o)
	return op
}
