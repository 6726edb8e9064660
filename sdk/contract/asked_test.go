package contract

import (
	"testing"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

func TestBatchesOfOneKeyAreToldApartByWhatTheyWouldStore(t *testing.T) {
	write := func(change func(*pluginpb.SaveRequest)) *pluginpb.SaveRequest {
		w := &pluginpb.SaveRequest{Entity: "coupon", Id: "c1", Patch: []byte(`{"a": 1, "b": [true]}`), Add: map[string]string{"n": "-1", "m": "2"}, Guard: []byte(`{"n": {"gte": 1}}`), IfVersion: 3}
		w = proto.CloneOf(w)
		change(w)
		return w
	}
	first := write(func(*pluginpb.SaveRequest) {})
	tests := map[string]struct {
		writes []*pluginpb.SaveRequest
		same   bool
	}{
		"the same":             {[]*pluginpb.SaveRequest{first}, true},
		"in another order":     {[]*pluginpb.SaveRequest{write(func(w *pluginpb.SaveRequest) { w.Patch = []byte(`{"b":[true],"a":1}`) })}, true},
		"another version":      {[]*pluginpb.SaveRequest{write(func(w *pluginpb.SaveRequest) { w.IfVersion = 4 })}, true},
		"another guard":        {[]*pluginpb.SaveRequest{write(func(w *pluginpb.SaveRequest) { w.Guard = nil })}, true},
		"another value":        {[]*pluginpb.SaveRequest{write(func(w *pluginpb.SaveRequest) { w.Patch = []byte(`{"a": 2, "b": [true]}`) })}, false},
		"another amount":       {[]*pluginpb.SaveRequest{write(func(w *pluginpb.SaveRequest) { w.Add["n"] = "-2" })}, false},
		"another record":       {[]*pluginpb.SaveRequest{write(func(w *pluginpb.SaveRequest) { w.Id = "c2" })}, false},
		"another entity":       {[]*pluginpb.SaveRequest{write(func(w *pluginpb.SaveRequest) { w.Entity = "card" })}, false},
		"another state":        {[]*pluginpb.SaveRequest{write(func(w *pluginpb.SaveRequest) { w.ToState = "used" })}, false},
		"another unique field": {[]*pluginpb.SaveRequest{write(func(w *pluginpb.SaveRequest) { w.By = "code" })}, false},
		"one more":             {[]*pluginpb.SaveRequest{first, first}, false},
		"no values":            {[]*pluginpb.SaveRequest{write(func(w *pluginpb.SaveRequest) { w.Patch = nil })}, false},
	}
	for name, tt := range tests {
		if same := Asked(tt.writes) == Asked([]*pluginpb.SaveRequest{first}); same != tt.same {
			t.Errorf("%s: the same is %v; want %v", name, same, tt.same)
		}
	}
}
