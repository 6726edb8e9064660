package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Asked tells the batches of one key apart: by what they would store, and not by the
// conditions, which another try may have read anew.
func Asked(writes []*pluginpb.SaveRequest) string {
	asked := make([][]any, len(writes))
	for i, w := range writes {
		var values any = w.GetPatch()
		if patch, err := pluginpb.Decode(w.GetPatch()); err == nil {
			values = patch // whatever their order
		}
		asked[i] = []any{w.GetEntity(), w.GetId(), w.GetBy(), w.GetToState(), values, w.GetAdd()}
	}
	encoded, err := json.Marshal(asked)
	if err != nil {
		panic("values that came as JSON are none: " + err.Error())
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}
