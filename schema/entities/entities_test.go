package entities_test

import (
	"testing"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

func TestShippedEntitiesLoad(t *testing.T) {
	m, err := schema.Load(entities.Sources()...)
	if err != nil {
		t.Fatalf("schema.Load(entities.Sources()) = %v, want no problems", err)
	}
	if m.Entity("customer") == nil {
		t.Error("there is no role customer among the shipped entities")
	}
}
