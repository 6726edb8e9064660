package pluginhost

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

func TestTypesThatUnfoldWithoutEndAreRefused(t *testing.T) {
	t.Parallel()
	object := func(name string) *pluginpb.Type { return &pluginpb.Type{Of: &pluginpb.Type_Object{Object: name}} }
	for name, tt := range map[string]struct {
		inner func(level int) string // what the members of an object hold
		want  string
	}{
		"in themselves":  {func(int) string { return "0" }, "everything.m0.m0.m0.m0.m0.m0.m0.m0.m0: its type goes more than 8 levels deep, or contains itself"},
		"in one another": {func(level int) string { return fmt.Sprint(level + 1) }, ": its types unfold to more than 10000 fields"},
	} {
		d := &pluginpb.DescribeResponse{
			Name: "p", Version: "1.0.0",
			Operations: []*pluginpb.Operation{{Name: "everything", Kind: pluginpb.Operation_QUERY, Returns: object("0")}},
		}
		for level := range 8 {
			o := &pluginpb.ObjectType{Name: fmt.Sprint(level)}
			for n := range 100 {
				member := &pluginpb.Member{Name: fmt.Sprint("m", n), Type: object(tt.inner(level))}
				if level == 7 {
					member.Type = &pluginpb.Type{Of: &pluginpb.Type_Scalar{Scalar: "text"}}
				}
				o.Members = append(o.Members, member)
			}
			d.Objects = append(d.Objects, o)
		}
		_, err := new(Host).contribution(Manifest{Name: "p", Version: "1.0.0"}, d)
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 10_000 {
			t.Errorf("%s: %.300v, want %s", name, err, tt.want)
		}
	}
}

func TestNamesThatTheAPICannotHaveAreRefused(t *testing.T) {
	t.Parallel()
	text := &pluginpb.Type{Of: &pluginpb.Type_Scalar{Scalar: "text"}}
	d := &pluginpb.DescribeResponse{
		Name: "p", Version: "1.0.0", Subscriptions: []string{"order"}, Timers: []string{"a/b"},
		Objects: []*pluginpb.ObjectType{{Name: "o", Members: []*pluginpb.Member{{Name: "", Type: text}}}},
		Operations: []*pluginpb.Operation{
			{Name: "", Kind: pluginpb.Operation_QUERY, Returns: text},
			{Name: "look", Kind: pluginpb.Operation_QUERY, Returns: &pluginpb.Type{Of: &pluginpb.Type_Object{Object: "o"}}, Arguments: []*pluginpb.Member{{Name: "__x", Type: text}}},
		},
		Fields:    []*pluginpb.ComputedField{{Entity: "order", Name: "", Returns: text}},
		Jobs:      []*pluginpb.Job{{Name: "Tidy Up", Schedule: "@daily"}},
		Endpoints: []*pluginpb.Endpoint{{Path: "erp"}},
	}
	const want = `invalid: argument of look: "__x" cannot be its name; it has to match ^[a-z][a-zA-Z0-9]*$
endpoint: "erp" cannot be its name; it has to match ^/[a-zA-Z0-9/._~-]*$
field of order: "" cannot be its name; it has to match ^[a-z][a-zA-Z0-9]*$
job: "Tidy Up" cannot be its name; it has to match ^[a-z][a-zA-Z0-9]*$
member of o: "" cannot be its name; it has to match ^[a-z][a-zA-Z0-9]*$
operation: "" cannot be its name; it has to match ^[a-z][a-zA-Z0-9]*$
timer: "a/b" cannot be its name; it has to match ^[a-z][a-zA-Z0-9]*$
topic: "order" cannot be its name; it has to match ^[a-z][a-zA-Z0-9-]*\.([a-zA-Z][a-zA-Z0-9]*|\*)$`
	if _, err := new(Host).contribution(Manifest{Name: "p", Version: "1.0.0"}, d); err == nil || err.Error() != want {
		t.Errorf("contribution: %v\nwant %s", err, want)
	}
}
