package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// errTried is wrapped when a version shall not take over, but only show what it would do.
var errTried = errors.New("was only tried")

// rehearse tries all records while everybody uses them, and ends with an error that says
// what would become of them.
func (s *supervisor) rehearse(ctx context.Context, i *instance, o snapshot.Offer, d *pluginpb.DescribeResponse) error {
	approve := "xrm plugin approve " + s.name
	known := s.register.find(s.name)
	if known.Moving != nil {
		return fmt.Errorf("%w: its records are on their way to another version already; let them arrive with: %s", errInvalid, approve)
	}
	force := description(known.Force)
	if force == nil || contract.DataVersion(force) == contract.DataVersion(d) {
		return fmt.Errorf("%w: it would leave all records as they are. Let it run with: %s", errTried, approve)
	}
	run, end, err := s.journey(ctx, i, o, d, known)
	if err != nil {
		return err
	}
	defer end()
	plan, err := s.tryAll(ctx, run)
	if err != nil {
		return err
	}
	var all []string
	for _, t := range plan.Entities {
		all = append(all, fmt.Sprintf("%d of %d records of %s", t.Changed, t.Records, t.Entity))
	}
	if len(all) == 0 {
		all = []string{"none, since there are no records"}
	}
	return fmt.Errorf("%w, and nothing was changed: from version %d to %d of its data it would change %s. Have it done with: %s",
		errTried, run.From, run.To, strings.Join(all, ", "), approve)
}
