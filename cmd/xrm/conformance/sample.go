package conformance

import (
	"fmt"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// sampleRecord is a record whose values fit its entity. Different n make
// different records; the second has what is required and nothing else.
func sampleRecord(e *schema.Entity, n int) *pluginpb.Record {
	values := map[string]any{}
	for _, f := range e.Fields {
		if n == sparse && !f.Required {
			continue
		}
		only := &schema.Entity{Name: f.Name, Fields: schema.Fields{f}}
		fits, err := only.Check(map[string]any{f.Name: sampleValue(f, n)}, false, "DE")
		if err == nil && fits[f.Name] != nil {
			values[f.Name] = fits[f.Name]
		}
	}
	return &pluginpb.Record{
		Entity: e.Name, Id: sampleID(n), Version: 1, Values: encode(values),
		CreatedAt: sampleTime, CreatedBy: "conformance", UpdatedAt: sampleTime, UpdatedBy: "conformance",
	}
}

// sparse is the sample without optional fields.
const sparse = 2

const sampleTime = "2026-01-02T03:04:05.000Z"

func sampleID(n int) string { return fmt.Sprintf("01910000-0000-7000-8000-%012d", n) }

// sampleValue is a value that a field may have, if a simple one will do.
func sampleValue(f *schema.Field, n int) any {
	switch f.Type {
	case "integer":
		if f.Min != nil {
			return *f.Min
		}
		return int64(1)
	case "enum":
		if offered := f.Options.Offered(); len(offered) > 0 {
			return offered[n%len(offered)].Value
		}
	case "file":
		return sampleFile(f, n)
	case "list":
		return []any{sampleValue(f.Of, n)}
	case "object":
		values := map[string]any{}
		for _, inner := range f.Fields {
			values[inner.Name] = sampleValue(inner, n)
		}
		return values
	}
	return map[string]any{
		"text": fmt.Sprintf("Sample %d", n), "autonumber": fmt.Sprintf("N-%d", n), "reference": sampleID(n),
		"decimal": "1", "money": map[string]any{"amount": "1.00", "currency": "EUR"}, "boolean": true,
		"date": "2026-01-02", "datetime": sampleTime, "email": "maria@example.org", "phone": "+493012345678",
		"url": "https://example.org/", "country": "DE", "language": "de",
	}[f.Type]
}

// sampleArgument is a value of a type of the wire.
func sampleArgument(of *pluginpb.Type, objects map[string]*pluginpb.ObjectType, depth int) any {
	if depth > contract.MaxTypeDepth {
		return nil
	}
	switch of := of.GetOf().(type) {
	case *pluginpb.Type_List:
		return []any{sampleArgument(of.List, objects, depth+1)}
	case *pluginpb.Type_Object:
		return sampleArguments(objects[of.Object].GetMembers(), objects, depth+1)
	case *pluginpb.Type_Scalar:
		if of.Scalar == "id" {
			return sampleID(1)
		}
		return sampleValue(&schema.Field{Type: of.Scalar}, 1)
	}
	return nil
}

func sampleArguments(members []*pluginpb.Member, objects map[string]*pluginpb.ObjectType, depth int) map[string]any {
	values := map[string]any{}
	for _, m := range members {
		values[m.GetName()] = sampleArgument(m.GetType(), objects, depth)
	}
	return values
}

// encode is for values that are made here, and so can be encoded.
func encode(values map[string]any) []byte {
	encoded, err := pluginpb.Encode(values)
	if err != nil {
		panic(err)
	}
	return encoded
}

func objectsOf(d *pluginpb.DescribeResponse) map[string]*pluginpb.ObjectType {
	objects := map[string]*pluginpb.ObjectType{}
	for _, o := range d.GetObjects() {
		objects[o.GetName()] = o
	}
	return objects
}
