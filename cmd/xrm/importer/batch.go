package importer

import (
	"context"
	"slices"
)

// batch brings some records in, and then those that waited for them.
func (i *imports) batch(ctx context.Context, batch []*record) error {
	for queue := batch; len(queue) > 0; {
		n := min(len(queue), i.Batch)
		done, err := i.one(ctx, queue[:n])
		if err != nil {
			return err
		}
		queue = slices.Concat(queue[n:], i.waiting.release(done))
	}
	return nil
}

// one looks up, sends, counts and settles some records, and returns those that
// do not have to wait for others.
func (i *imports) one(ctx context.Context, batch []*record) (done []*record, err error) {
	var wanted []*wantedRef
	for _, r := range batch {
		for _, ref := range r.refs {
			wanted = append(wanted, ref.wanted...)
		}
	}
	if err := i.lookups.find(ctx, wanted); err != nil {
		return nil, err
	}
	done = i.waiting.hold(batch)
	for left := done; len(left) > 0; {
		var firsts []*record
		firsts, left = apart(left)
		if err := i.try(ctx, firsts); err != nil {
			return nil, err
		}
	}
	return done, i.settle(done)
}

// try sends records of which no two have the same key. Records with faults
// are sent as well, without their faulty fields and without writing them, so
// that people learn every reason at once.
func (i *imports) try(ctx context.Context, records []*record) error {
	var good, keyed, keyless []*record
	assumed := func(w *wantedRef) bool { return i.DryRun && i.waiting.arrived(w) }
	for _, r := range records {
		i.keys.check(r)
		r.resolve(assumed)
		switch {
		case len(r.faults) == 0:
			good = append(good, r)
		case len(r.values) == 0 || i.plan.group != "" && r.about(i.plan.group):
		case r.key != "":
			keyed = append(keyed, r)
		default:
			keyless = append(keyless, r)
		}
	}
	if err := i.send(ctx, good, i.plan.key != nil, i.DryRun); err != nil {
		return err
	}
	if err := i.send(ctx, keyed, true, true); err != nil {
		return err
	}
	if err := i.send(ctx, keyless, false, true); err != nil {
		return err
	}
	for _, r := range records {
		i.keys.note(r)
	}
	return nil
}

func (i *imports) send(ctx context.Context, records []*record, keyed, dryRun bool) error {
	if len(records) == 0 {
		return nil
	}
	send := i.sender.send
	if keyed && !i.plan.key.field.Unique {
		send = func(ctx context.Context, records []*record, _, dryRun bool) ([]answer, error) {
			return i.recognized(ctx, records, dryRun)
		}
	}
	answers, err := send(ctx, records, keyed, dryRun)
	if err != nil {
		return err
	}
	for n, a := range answers {
		r := records[n]
		switch {
		case a.fault != nil:
			r.fault(0, a.fault.path, a.fault.reason)
		case a.refusal != nil:
			i.sender.explain(r, a.refusal)
			a.Outcome = "created" // if there is no other reason than what is assumed
		case a.Outcome == "":
			r.fault(0, "", "the server gave no answer for it")
		}
		// What came in two steps counts by the first.
		if r.outcome == "" || r.outcome == "unchanged" {
			r.outcome = a.Outcome
		}
	}
	return nil
}

// settle writes the rejected rows of a batch in the order of the file.
func (i *imports) settle(batch []*record) error {
	for _, r := range batch {
		i.summary.Rows += len(r.rows)
		i.line = max(i.line, r.rows[len(r.rows)-1].Line)
		if len(r.faults) == 0 {
			i.count(r.outcome)
			continue
		}
		reasons, err := i.rejects.write(r)
		if err != nil {
			return err
		}
		for _, reason := range reasons {
			i.Rejected(reason)
		}
	}
	return nil
}

func (i *imports) count(outcome string) {
	switch outcome {
	case "created":
		i.summary.Created++
	case "updated":
		i.summary.Updated++
	default:
		i.summary.Unchanged++
	}
}
