package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

func twiceChecks() []check {
	return []check{{
		name: "the batches of a mutation", expected: "they have keys, and the same ones when the mutation is carried out again under its idempotency key",
		remedy: "give Batch the key that came with the call, or one made of it (in Go host.IdempotencyKey(), on the wire CallContext.idempotency_key): what is killed in the middle is called again",
		run:    mutationsComeTwice,
	}}
}

// mutationsComeTwice carries out each mutation as often as after a kill. What it writes by a
// batch has to be written once.
func mutationsComeTwice(ctx context.Context, b *bench) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	looked := 0
	for _, o := range d.GetOperations() {
		if o.GetKind() != pluginpb.Operation_MUTATION {
			continue
		}
		ask := askOperation(o, objectsOf(d))
		keys := func() ([]string, error) {
			id, end := b.host.begin(ctx)
			defer end()
			id.IdempotencyKey = "request-" + o.GetName()
			b.host.takeBatchKeys()
			_, err := ask(ctx, l.plugin, id)
			return b.host.takeBatchKeys(), err
		}
		first, err := keys()
		again, errAgain := keys()
		_ = b.host.takeFaults() // they were told when the operation was called before
		if len(first) > 0 {
			looked++
		}
		wrong = append(wrong, err, errAgain, differing(o.GetName(), first, again))
	}
	if err := errors.Join(wrong...); err != nil || looked > 0 {
		return err
	}
	return inapplicable("no mutation of the plugin makes a batch of what was made up")
}

// differing says what is wrong with the keys of batches, of one attempt and the next.
func differing(mutation string, first, again []string) error {
	switch {
	case slices.Contains(first, ""):
		return fmt.Errorf("%s makes a batch without a key: when it is called again, it is written again", mutation)
	case len(first) > 0 && !slices.Equal(first, again):
		return fmt.Errorf("%s makes batches with the keys %q, and with %q when it is called again for the same request", mutation, first, again)
	}
	return nil
}
