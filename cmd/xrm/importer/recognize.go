package importer

import (
	"context"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/client"
)

// recognized sends records whose key is a field that is not unique, such as an
// e-mail address: one that exactly one record has is an update of that, one
// that none has is a creation, and one that several have is a fault. The
// server cannot keep two imports apart that create the same at one moment, so
// that nothing is sent again before it is looked up again.
func (i *imports) recognized(ctx context.Context, records []*record, dryRun bool) (answers []answer, err error) {
	once := *i.Client
	once.Retry = 0
	s := &sender{client: &once, plan: i.plan}
	err = i.Client.Try(ctx, false, func() error {
		answers, err = s.recognize(ctx, records, dryRun)
		return err
	})
	return answers, err
}

func (s *sender) recognize(ctx context.Context, records []*record, dryRun bool) ([]answer, error) {
	existing, err := s.existing(ctx, records)
	if err != nil {
		return nil, err
	}
	answers := make([]answer, len(records))
	var fresh, known []int
	var ids []string
	for n, one := range existing {
		switch one.count {
		case 0:
			fresh = append(fresh, n)
		case 1:
			known, ids = append(known, n), append(ids, one.id)
		default:
			key := s.plan.key
			answers[n].fault = &fault{path: key.path, reason: fmt.Sprintf("%s is %q, but %s have that; merge them, or use a key that is unique", key.label, records[n].key, one.of(s.plan.entity))}
		}
	}
	created, err := s.sendSome(records, fresh, func(some []*record) ([]answer, error) { return s.send(ctx, some, false, dryRun) })
	if err != nil {
		return nil, err
	}
	updated, err := s.sendSome(records, known, func(some []*record) ([]answer, error) { return s.update(ctx, some, ids, dryRun) })
	if err != nil {
		return nil, err
	}
	for i, n := range fresh {
		answers[n] = created[i]
	}
	for i, n := range known {
		answers[n] = updated[i]
	}
	return answers, nil
}

func (s *sender) sendSome(records []*record, which []int, send func([]*record) ([]answer, error)) ([]answer, error) {
	if len(which) == 0 {
		return nil, nil
	}
	var some []*record
	for _, n := range which {
		some = append(some, records[n])
	}
	return send(some)
}

// existing asks who has the keys now.
func (s *sender) existing(ctx context.Context, records []*record) ([]found, error) {
	look := &lookup{entity: s.plan.entity, by: s.plan.key.field, ids: map[string]found{}}
	wanted := make([]*wantedRef, len(records))
	for n, r := range records {
		wanted[n] = &wantedRef{lookup: look, value: r.values[s.plan.key.path], text: r.key}
	}
	if err := look.ask(ctx, s.client, wanted, len(wanted)); err != nil {
		return nil, err
	}
	existing := make([]found, len(records))
	for n, r := range records {
		existing[n] = look.ids[r.key]
	}
	return existing, nil
}

// update changes records whose ids are known, each by a mutation of its own in
// one request.
func (s *sender) update(ctx context.Context, records []*record, ids []string, dryRun bool) ([]answer, error) {
	name := typeName(s.plan.entity.Name)
	variables := map[string]any{"dryRun": dryRun}
	var declared, fields strings.Builder
	for n, r := range records {
		fmt.Fprintf(&declared, ", $i%d: ID!, $d%d: %sInput!", n, n, name)
		fmt.Fprintf(&fields, " u%d: update%s(id: $i%d, data: $d%d, dryRun: $dryRun) { outcome }", n, name, n, n)
		variables[fmt.Sprintf("i%d", n)], variables[fmt.Sprintf("d%d", n)] = ids[n], r.values
	}
	var got map[string]*struct {
		Outcome string `json:"outcome"`
	}
	err := s.client.Send(context.WithoutCancel(ctx), client.Request{
		Query: "mutation ImportUpdate($dryRun: Boolean" + declared.String() + ") {" + fields.String() + " }", Variables: variables,
	}, &got)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	answers := make([]answer, len(records))
	var again client.Errors
	for n := range records {
		if one := got[fmt.Sprintf("u%d", n)]; one != nil {
			answers[n].Outcome = one.Outcome
		}
	}
	for i, e := range refused {
		n := -1
		if len(e.Path) > 0 {
			_, _ = fmt.Sscanf(fmt.Sprint(e.Path[0]), "u%d", &n)
		}
		if n < 0 || n >= len(records) {
			return nil, refused
		}
		if answers[n].refusal = &refused[i]; e.Temporary() {
			again = append(again, e)
		}
	}
	if again != nil {
		return nil, again
	}
	return answers, nil
}

// refusals takes apart what the server has against some records, and what went
// wrong with the request.
func refusals(err error) (client.Errors, error) {
	if refused, ok := err.(client.Errors); ok { //nolint:errorlint // Send returns it as it is
		return refused, nil
	}
	return nil, err
}
