package conformance

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Describe starts the program, asks it what it is, and ends it.
func Describe(ctx context.Context, p Program) (*pluginpb.DescribeResponse, error) {
	own, err := newIdentity()
	if err != nil {
		return nil, err
	}
	b := &bench{program: p, own: own, host: newHost(p.Name, &schema.Model{})}
	defer b.close()
	return b.describe(ctx, &pluginpb.DescribeRequest{Features: contract.Features()})
}

// Compare returns a line for each of name and version in plugin.yaml that is not
// what the program says of itself: a server refuses it then.
func (p Program) Compare(d *pluginpb.DescribeResponse) error {
	var problems strictyaml.Problems
	for _, one := range []struct {
		key, field      string
		line            int
		written, spoken string
	}{
		{"name", "Name", p.nameLine, p.Name, d.GetName()},
		{"version", "Version", p.versionLine, p.Version, d.GetVersion()},
	} {
		if one.written != one.spoken {
			problems = append(problems, strictyaml.Problem{File: filepath.Join(p.Dir, "plugin.yaml"), Line: one.line, Message: fmt.Sprintf(
				"%[1]s is %[3]s, and the program answers Describe with %[4]s, which a server refuses; write %[1]s: %[4]s, or give the program the %[1]s %[3]s (%[2]s in sdk.Plugin) and build it again",
				one.key, one.field, one.written, one.spoken)})
		}
	}
	return problems.Err()
}
