package contract

import (
	"fmt"
	"strconv"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

var functions = map[pluginpb.Measure_Function]schema.Func{
	pluginpb.Measure_SUM: schema.Sum, pluginpb.Measure_AVG: schema.Avg, pluginpb.Measure_MIN: schema.Min, pluginpb.Measure_MAX: schema.Max,
}

// ReadGrouping reads what a plugin wants to know of records without reading them.
// Whether the grouping makes sense is for Complete to say.
func ReadGrouping(m *schema.Model, e *schema.Entity, r *pluginpb.AggregateRequest) (filter schema.Filter, g schema.Grouping, err error) {
	if filter, err = ReadFilter(m, e, r.GetFilter()); err != nil {
		return filter, g, err
	}
	g.Items = e.ToStorage(r.GetItems())
	for _, name := range r.GetBy() {
		g.By = append(g.By, schema.Order{Path: e.ToStorage(name)})
	}
	for _, measure := range r.GetMeasures() {
		function, known := functions[measure.GetFunction()]
		if !known {
			return filter, g, invalid(fmt.Sprintf("There is no function %s.", measure.GetFunction()))
		}
		g.Measures = append(g.Measures, schema.Measure{Func: function, Path: e.ToStorage(measure.GetField())})
	}
	return filter, g, nil
}

// InTypeOf gives what was measured the type of its field, in place: an integer where
// integers were added up, unless it has more than 64 bits.
func InTypeOf(e *schema.Entity, measures []schema.Measure, values []any) {
	for i, m := range measures {
		text, isText := values[i].(string)
		if f, _ := e.At(m.Path); !isText || f == nil || m.Func != schema.Sum || f.Type != "integer" {
			continue
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			values[i] = n
		}
	}
}
