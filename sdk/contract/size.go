package contract

import (
	"errors"
	"fmt"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

// Size is how much a plugin describes, or may describe. Whatever it is, every
// instance keeps it in memory, and makes it a part of the API.
type Size struct {
	Bytes      int // of the whole description
	Entities   int // files of definitions
	Fields     int // in all of these, and in objects
	Options    int // of all enums and states
	Operations int
	Computed   int // fields
	Others     int // topics, jobs, services, timers, endpoints, pages and rules together
}

// MaxSize is what one plugin may describe at most.
func MaxSize() Size {
	return Size{Bytes: 1 << 20, Entities: 100, Fields: 2000, Options: 2000, Operations: 200, Computed: 200, Others: 500}
}

// CheckSize returns a line for each thing of which a plugin describes more than
// MaxSize.
func CheckSize(d *pluginpb.DescribeResponse) error {
	most := MaxSize()
	var errs []error
	check := func(what string, n, most int, advice string) {
		if n > most {
			errs = append(errs, fmt.Errorf("it describes %d %s, and %d is the most for one plugin; %s", n, what, most, advice))
		}
	}
	const split = "split it into several plugins"
	check("bytes", proto.Size(d), most.Bytes, "shorten its texts, or "+split)
	check("entities", len(d.GetEntities()), most.Entities, split)
	check("operations", len(d.GetOperations()), most.Operations, "let some have more arguments, or "+split)
	check("computed fields", len(d.GetFields()), most.Computed, "let one return an object, or "+split)
	check("topics, jobs, services, timers, endpoints, pages and rules", len(d.GetSubscriptions())+len(d.GetJobs())+len(d.GetServices())+len(d.GetTimers())+len(d.GetEndpoints())+len(d.GetPages())+len(d.GetBeforeSave())+len(d.GetBeforeDelete()), most.Others, split)
	if len(errs) > 0 {
		return errors.Join(errs...) // what is read now takes time
	}
	fields, options := 0, 0
	for _, file := range d.GetEntities() {
		f, o := schema.CountFields(schema.Source{Data: file.GetYaml()})
		fields, options = fields+f, options+o
	}
	check("fields in its definitions", fields, most.Fields, "keep what belongs together in fewer, or "+split)
	check("options of enums and states", options, most.Options, "make an entity of a long list and refer to it, or "+split)
	return errors.Join(errs...)
}
