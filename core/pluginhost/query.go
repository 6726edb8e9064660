package pluginhost

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// maxPage is the most records in one answer to a plugin.
const maxPage = 1000

// query turns a request into one of the core's, in the one filter language.
func query(m *schema.Model, e *schema.Entity, r *pluginpb.FindRequest) (core.Query, error) {
	q := core.Query{First: maxPage}
	if n := int(r.GetLimit()); n > 0 && n < maxPage {
		q.First = n
	}
	raw, err := pluginpb.Decode(r.GetFilter())
	if err != nil {
		return q, &core.Error{Code: core.Invalid, Message: "The filter cannot be read.", Cause: err}
	}
	if q.Filter, err = m.ParseFilter(e, raw, false); err != nil {
		return q, invalid("The filter does not fit "+e.Plural+".", err)
	}
	for _, o := range r.GetOrderBy() {
		f := e.Field(o.GetField())
		if f == nil || !e.CanFilter(f) || f.Type == "list" || f.Type == "object" {
			return q, &core.Error{Code: core.Invalid, Message: fmt.Sprintf("%s cannot be sorted by %q: it must be a field with an index.", e.Plural, o.GetField())}
		}
		q.OrderBy = append(q.OrderBy, core.Order{Path: f.StoragePath(), Field: f, Descending: o.GetDescending()})
	}
	if r.GetAfter() == "" {
		return q, nil
	}
	if q.After, err = decodeCursor(q.OrderBy, r.GetAfter()); err != nil {
		return q, &core.Error{Code: core.Invalid, Message: "The cursor is none of this query. Pass on what came with the page before.", Cause: err}
	}
	return q, nil
}

var functions = map[pluginpb.Measure_Function]core.Func{
	pluginpb.Measure_SUM: core.Sum, pluginpb.Measure_AVG: core.Avg, pluginpb.Measure_MIN: core.Min, pluginpb.Measure_MAX: core.Max,
}

// aggregate turns a request into one of the core's. A name that is no field
// the session refuses in its own words.
func aggregate(m *schema.Model, e *schema.Entity, r *pluginpb.AggregateRequest) (core.Aggregate, error) {
	var q core.Aggregate
	raw, err := pluginpb.Decode(r.GetFilter())
	if err != nil {
		return q, &core.Error{Code: core.Invalid, Message: "The filter cannot be read.", Cause: err}
	}
	if q.Filter, err = m.ParseFilter(e, raw, false); err != nil {
		return q, invalid("The filter does not fit "+e.Plural+".", err)
	}
	q.Items = e.ToStorage(r.GetItems())
	for _, name := range r.GetBy() {
		q.By = append(q.By, core.Order{Path: e.ToStorage(name)})
	}
	for _, measure := range r.GetMeasures() {
		function, known := functions[measure.GetFunction()]
		if !known {
			return q, &core.Error{Code: core.Invalid, Message: fmt.Sprintf("There is no function %s.", measure.GetFunction())}
		}
		q.Measures = append(q.Measures, core.Measure{Func: function, Path: e.ToStorage(measure.GetField())})
	}
	return q, nil
}

// cursor is where the page after a record begins.
func cursor(orders []core.Order, last *core.Record) (string, error) {
	values := make([]any, 0, len(orders)+1)
	for _, o := range orders {
		values = append(values, last.At(o.Path))
	}
	encoded, err := json.Marshal(append(values, last.ID))
	return string(encoded), err
}

// decodeCursor reads what cursor has written, and nothing else: the values go
// into a query as they are.
func decodeCursor(orders []core.Order, text string) ([]any, error) {
	after, err := pluginpb.DecodeAny([]byte(text))
	if err != nil {
		return nil, err
	}
	values, _ := after.([]any)
	if len(values) != len(orders)+1 {
		return nil, fmt.Errorf("it has %d values, not %d", len(values), len(orders)+1)
	}
	for i, o := range orders {
		if values[i] == nil {
			continue
		}
		free := schema.Field{Type: o.Field.Type, Options: o.Field.Options, To: o.Field.To}
		if values[i], err = free.Kind().Parse(&free, values[i], schema.Scope{}); err != nil {
			return nil, fmt.Errorf("the value of %s must %w", o.Path, err)
		}
	}
	if id, ok := values[len(orders)].(string); !ok || id == "" {
		return nil, errors.New("it ends with no id")
	}
	return values, nil
}

// invalid carries the violations over, if there are any.
func invalid(message string, err error) error {
	e := &core.Error{Code: core.Invalid, Message: message, Cause: err}
	var violations schema.Violations
	if errors.As(err, &violations) {
		e.Violations, e.Cause = violations, nil
	}
	return e
}
