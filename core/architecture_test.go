package core_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/openxrm/xrm/"

// mayImport says which packages of ours a package may import, each pattern with
// everything below it, or, with a dot at its end, without. NAME stands for the
// folder that the importing package itself lies in: plugins/NAME is the same
// plugin. The first row that fits a package counts. A package may not import what
// lies below itself either, unless its row says so. Tests are free to import more.
var mayImport = []struct {
	pkg     string
	imports []string
	reason  string
}{
	{"schema", []string{"schema"}, "the language is pure: it knows no other part"},
	{"sdk/plugintest", []string{"schema", "sdk"}, "whatever sdk imports, every plugin must compile"},
	{"sdk/contract/cron", nil, "core/schedule reads schedules, and knows nothing of plugins"},
	{"sdk/contract/worktime", []string{"schema"}, "working time is counted without knowing who asks"},
	{"sdk/contract/kept", []string{"schema"}, "the stores ask what plugins may leave with them, and know nothing of plugins"},
	{"sdk/contract/upload", []string{"schema"}, "what an upload is called and what it is, is found without knowing any host"},
	{"sdk/contract/mailing", []string{"schema"}, "templates are read and filled in without knowing any host"},
	{"sdk/contract/extension", []string{"schema", "sdk/contract/mention"}, "what a plugin adds to others is decided without knowing any host"},
	{"sdk/contract", []string{"schema", "sdk/naming", "sdk/pluginpb", "sdk/contract/kept", "sdk/contract/mailing", "sdk/contract/wording", "sdk/contract/worktime"}, "what every host of plugins decides alike is decided without knowing any of them"},
	{"sdk/naming", nil, "what both sides of the wire read alike is in every plugin, so it is small"},
	{"sdk/pluginpb", nil, "the wire, and nothing else"},
	{"sdk/httpwire", []string{"sdk/pluginpb"}, "HTTP over the wire is read alike on both sides, and is in every plugin"},
	{"sdk", []string{"sdk/naming", "sdk/pluginpb", "sdk/httpwire"}, "whatever sdk imports, every plugin has in its memory, and schema is a third of it"},
	{"core/access", []string{"schema", "core.", "core/record"}, "rights are decided without knowing doors or stores"},
	{"core/catalog", []string{"schema"}, "the catalog knows neither doors nor stores"},
	{"core/identity", []string{"schema", "core.", "core/record"}, "who somebody is has nothing to do with what they may"},
	{"core/texts", []string{"schema", "sdk/contract/wording"}, "what is said in which language is decided without knowing who says it"},
	{"sdk/contract/wording", []string{"schema/strictyaml"}, "texts are said in a language without knowing who says them"},
	{"core/snapshot", []string{"schema", "core.", "core/record", "core/access", "core/catalog", "core/texts", "core/graphql/execution", "sdk/naming", "sdk/contract"}, "a snapshot is made without knowing who contributes, or how the API is built"},
	{"core/work", []string{"core.", "core/record", "core/snapshot", "core/journal", "core/schedule", "core/pluginhost", "sdk/contract/cron"}, "the work of plugins joins journal, clock and host, and knows no store"},
	{"core/fairqueue", nil, "whose turn it is has nothing to do with what is asked"},
	{"core/web", []string{"core.", "core/budget", "core/fairqueue", "core/file", "core/identity", "core/snapshot", "core/texts", "core/graphql"}, "the routes know no store, and plugins as something that answers"},
	{"core/record", []string{"schema", "core.", "core/fairqueue"}, "the pipelines call ports, which they declare themselves"},
	{"core/budget", []string{"core."}, "what is held is counted without knowing what it is"},
	{"core/once", []string{"schema", "core.", "core/record"}, "what is no single write is done once, whatever it is"},
	{"core/party", []string{"schema", "core.", "core/record"}, "what is done with a whole party is made of the pipelines' reads and writes"},
	{"core/file", []string{"schema", "core.", "core/record", "sdk/contract/upload"}, "files are kept without knowing doors, or which store they are in"},
	{"core/integrity", []string{"schema", "core.", "core/record"}, "what should not be there is found by reads alone"},
	{"core/forms", []string{"schema", "core.", "core/record"}, "values are brought into another form by the pipelines' writes"},
	{"core/migration", []string{"schema", "core.", "core/record"}, "records are migrated by the pipelines' writes, whoever says into what"},
	{"core/mail/incoming", nil, "what strangers write is read without knowing what becomes of it"},
	{"core/mail/imap", []string{"core/mail", "core/mail/incoming"}, "a mailbox is read without knowing records or stores"},
	{"core/mail", []string{"schema", "core.", "core/record", "core/mail/incoming", "sdk/contract/mailing"}, "mails are records, and what is done with them are the pipelines' writes"},
	{"core/backup", []string{"schema", "core.", "core/journal"}, "a database is written to a file, and filled from one, without knowing which store it is in"},
	{"core/graphql/execution", []string{"core/budget"}, "execution knows GraphQL and no records"},
	{"core/graphql/transport", []string{"core/budget", "core/fairqueue", "core/graphql/execution"}, "transport knows HTTP and no records"},
	{"core/graphql", []string{"schema", "core.", "core/budget", "core/record", "core/snapshot", "core/once", "core/party", "core/integrity", "core/graphql"}, "doors and stores do not know each other"},
	{"core/mongo", []string{"schema", "core.", "core/budget", "core/record", "core/mongo"}, "doors and stores do not know each other"},
	{"core/sqlite", []string{"schema", "core.", "core/budget", "core/fairqueue", "core/record", "core/sqlite"}, "doors and stores do not know each other"},
	{"core/storetest", []string{"schema", "core.", "core/budget", "core/record"}, "the contract knows no store"},
	{"core/bothstores", []string{"core/mongo", "core/sqlite", "core/storetest"}, "tests of what stands above the stores run on both"},
	{"core/journal", []string{"schema", "core.", "sdk/contract/kept"}, "delivery knows no store"},
	{"core/schedule", []string{"core.", "sdk/contract/cron"}, "what is due is run without knowing stores or plugins"},
	{"core/broadcast", []string{"core."}, "what is broadcast is handed on without knowing stores or plugins"},
	{"core/pluginhost", []string{"schema", "core.", "core/broadcast", "core/budget", "core/fairqueue", "core/migration", "core/record", "core/access", "core/once", "core/snapshot", "core/pluginhost", "sdk/naming", "sdk/pluginpb", "sdk/httpwire", "sdk/contract"}, "of the sdk the host shares the wire, and what hosts decide alike"},
	{"core", []string{"schema", "sdk/naming", "sdk/contract/kept"}, "the root package holds nouns only"},
	{"plugins", []string{"schema", "sdk.", "sdk/pluginpb", "plugins/NAME"}, "a plugin knows the contract, never the core or another plugin"},
	{"examples", []string{"schema", "sdk.", "sdk/pluginpb", "examples/NAME"}, "an example knows what its reader knows"},
	{"cmd", []string{"schema", "sdk", "core", "cmd"}, "the program runs plugins as processes and never links them"},
}

func TestEveryPackageImportsOnlyWhatItMay(t *testing.T) {
	for _, name := range tracked(t) {
		if filepath.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") && !strings.Contains(name, "/testdata/") {
			checkImports(t, name)
		}
	}
}

func checkImports(t *testing.T, name string) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	pkg := filepath.ToSlash(filepath.Dir(name))
	for _, imported := range file.Imports {
		path, _ := strconv.Unquote(imported.Path.Value)
		ours, isOurs := strings.CutPrefix(path, module)
		if !isOurs {
			continue
		}
		if allowed, reason := isAllowed(pkg, ours); !allowed {
			t.Errorf("%s imports %s: %s (the table is in core/architecture_test.go)", name, ours, reason)
		}
	}
}

func isAllowed(pkg, imported string) (allowed bool, reason string) {
	for _, row := range mayImport {
		if pkg != row.pkg && !strings.HasPrefix(pkg, row.pkg+"/") {
			continue
		}
		inside, _, _ := strings.Cut(strings.TrimPrefix(pkg, row.pkg+"/"), "/")
		for _, pattern := range row.imports {
			exact, isExact := strings.CutSuffix(strings.Replace(pattern, "NAME", inside, 1), ".")
			if imported == exact || !isExact && strings.HasPrefix(imported, exact+"/") {
				return true, ""
			}
		}
		return false, row.reason
	}
	return false, "the package is not in the table: decide where it belongs"
}

func TestTheImportTableRefusesWhatItShould(t *testing.T) {
	tests := map[string]struct {
		pkg, imported string
		want          bool
	}{
		"a store may use the pipelines' ports":             {"core/mongo", "core/record", true},
		"a store may not use the other store":              {"core/mongo", "core/sqlite", false},
		"a store may have packages":                        {"core/mongo/query", "core/mongo/change", true},
		"a part of a store may not use the other one":      {"core/mongo/query", "core/sqlite", false},
		"a part of a store may not use a door":             {"core/mongo/query", "core/graphql", false},
		"a plugin may not use the core":                    {"plugins/complaints", "core/record", false},
		"a plugin may not use another plugin":              {"plugins/complaints", "plugins/loyalty", false},
		"a plugin may have packages":                       {"plugins/loyalty", "plugins/loyalty/coupon", true},
		"which use each other":                             {"plugins/loyalty/coupon", "plugins/loyalty/points", true},
		"and the program's own":                            {"plugins/loyalty/coupon/code", "plugins/loyalty", true},
		"a package of a plugin may not use another plugin": {"plugins/loyalty/coupon", "plugins/complaints/points", false},
		"nor one whose name begins alike":                  {"plugins/loyalty/coupon", "plugins/loyaltycards", false},
		"nor the core":                                     {"plugins/loyalty/coupon", "core", false},
		"a plugin may not use what is for hosts":           {"plugins/loyalty", "sdk/contract/cron", false},
		"nor ship the host of its tests":                   {"plugins/loyalty", "sdk/plugintest", false},
		"an example may have packages":                     {"examples/shop/cart", "examples/shop/price", true},
		"an example may not use another":                   {"examples/shop", "examples/sample", false},
		"the sdk may use the wire":                         {"sdk", "sdk/pluginpb", true},
		"the sdk may not use what is for hosts":            {"sdk", "sdk/contract", false},
		"nor a part of that":                               {"sdk", "sdk/contract/cron", false},
		"nor the language":                                 {"sdk", "schema", false},
		"nor the host of tests":                            {"sdk", "sdk/plugintest", false},
		"the wire may use nothing":                         {"sdk/pluginpb", "sdk", false},
		"the wire may not use what is for hosts":           {"sdk/pluginpb", "sdk/contract", false},
		"what is for hosts may not use one of them":        {"sdk/contract/mention", "sdk/plugintest", false},
		"the nouns may use what bounds them":               {"core", "sdk/contract/kept", true},
		"the nouns may not use the rest of it":             {"core", "sdk/contract", false},
		"the language may not use the nouns":               {"schema", "core", false},
		"the program may not link a plugin":                {"cmd/xrm", "plugins/complaints", false},
		"the nouns may not use what is built on":           {"core", "core/record", false},
		"a package that nobody placed may nothing":         {"helpers", "schema", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, reason := isAllowed(tt.pkg, tt.imported); got != tt.want {
				t.Errorf("%s imports %s: allowed = %v (%s), want %v", tt.pkg, tt.imported, got, reason, tt.want)
			}
		})
	}
}
