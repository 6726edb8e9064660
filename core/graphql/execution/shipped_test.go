package execution_test

import (
	"testing"

	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

func TestTheShippedModelIsDefinedAsItIsPrinted(t *testing.T) {
	t.Parallel()
	model, err := schema.Load(entities.Sources()...)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := graphql.Build(graphql.Config{
		Snapshot: &snapshot.Snapshot{Basis: record.Basis{Model: model}}, Plugins: struct{ graphql.PluginDesk }{}, Keys: struct{ graphql.KeyDesk }{}, Parties: &party.Service{},
	})
	if err != nil {
		t.Fatal(err)
	}
	execution.AsPrinted(t, engine)
}
