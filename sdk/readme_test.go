package sdk_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// rows are the first cells of all tables of a page.
func rows(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cells strings.Builder
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]*)\|`).FindAllStringSubmatch(string(text), -1) {
		cells.WriteString(row[1])
	}
	return cells.String()
}

func TestThePageForGoHasARowForAllThatAPluginCanOfferAndAsk(t *testing.T) {
	told := rows(t, "GO.md")
	for field := range reflect.TypeFor[sdk.Plugin]().Fields() {
		if !strings.Contains(told, "`"+field.Name+"`") {
			t.Errorf("GO.md has no row for the field %s of sdk.Plugin", field.Name)
		}
	}
	for method := range reflect.TypeFor[sdk.Host]().Methods() {
		if !strings.Contains(told, "`"+method.Name+"`") {
			t.Errorf("GO.md has no row for the method %s of sdk.Host", method.Name)
		}
	}
}

func TestThePageForAnyLanguageHasARowForEveryCallOfTheWire(t *testing.T) {
	told := rows(t, "ANY-LANGUAGE.md")
	for _, service := range []grpc.ServiceDesc{pluginpb.Plugin_ServiceDesc, pluginpb.Host_ServiceDesc} {
		var calls []string
		for _, call := range service.Methods {
			calls = append(calls, call.MethodName)
		}
		for _, call := range service.Streams {
			calls = append(calls, call.StreamName)
		}
		for _, call := range calls {
			if !strings.Contains(told, "`"+call+"`") {
				t.Errorf("ANY-LANGUAGE.md has no row for %s of %s", call, service.ServiceName)
			}
		}
	}
}

func TestThePageForAnyLanguageNamesEveryFeature(t *testing.T) {
	text, err := os.ReadFile("ANY-LANGUAGE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "in `features`: ")
	list, _, _ = strings.Cut(list, ".")
	want := strings.Join(contract.Features(), ", ")
	if got := strings.Join(strings.Fields(list), " "); got != want {
		t.Errorf("ANY-LANGUAGE.md names the features %q, want %q", got, want)
	}
}
