package pluginpb_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var update = flag.Bool("update", false, "add what is new to testdata/contract.txt")

// Plugins that were built long ago speak what testdata/contract.txt says.
func TestNothingIsRemovedOrRenumbered(t *testing.T) {
	const file = "testdata/contract.txt"
	b, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	promised := strings.Split(strings.TrimSpace(string(b)), "\n")
	current := contract(pluginpb.File_plugin_proto)

	for _, line := range promised {
		if line != "" && !slices.Contains(current, line) {
			t.Errorf("plugin.proto no longer has\n\t%s\nput it back: plugins that use it are out there", line)
		}
	}
	for _, line := range current {
		if !slices.Contains(promised, line) && !*update {
			t.Errorf("plugin.proto has something new:\n\t%s\nif that is meant to stay for ever, run: go test ./sdk/pluginpb -update", line)
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(file, []byte(strings.Join(current, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// contract lists everything in the file that the wire depends on, one a line.
func contract(f protoreflect.FileDescriptor) []string {
	var lines []string
	for i := range f.Services().Len() {
		methods := f.Services().Get(i).Methods()
		for j := range methods.Len() {
			m := methods.Get(j)
			lines = append(lines, fmt.Sprintf("rpc %s(%s) %s stream=%t,%t", m.FullName(), m.Input().Name(), m.Output().Name(), m.IsStreamingClient(), m.IsStreamingServer()))
		}
	}
	for i := range f.Messages().Len() {
		lines = append(lines, message(f.Messages().Get(i))...)
	}
	slices.Sort(lines)
	return lines
}

func message(m protoreflect.MessageDescriptor) []string {
	var lines []string
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		kind := f.Kind().String()
		if f.Message() != nil {
			kind = string(f.Message().FullName())
		}
		line := fmt.Sprintf("field %s = %d %s %s", f.FullName(), f.Number(), f.Cardinality(), kind)
		if one := f.ContainingOneof(); one != nil {
			line += " oneof " + string(one.Name())
		}
		lines = append(lines, line)
	}
	for i := range m.Enums().Len() {
		values := m.Enums().Get(i).Values()
		for j := range values.Len() {
			lines = append(lines, fmt.Sprintf("enum %s = %d", values.Get(j).FullName(), values.Get(j).Number()))
		}
	}
	return lines
}
