package mention

import (
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// PartyData says whether a plugin says what becomes of what it keeps about a
// party, and whether it keeps anything outside of records.
func PartyData(d *pluginpb.PartyData) (said, handled bool) {
	handled = d.GetMerge() && d.GetExport() && d.GetErase()
	return handled || d.GetOnlyRecords(), handled
}

// CheckParties is PartiesIn for a plugin that does not say what becomes of what
// it keeps about a party, and nil for one that does.
func CheckParties(m *schema.Model, d *pluginpb.DescribeResponse) error {
	if said, _ := PartyData(d.GetPartyData()); said {
		return nil
	}
	return PartiesIn(m, d.GetName())
}

// PartiesIn returns a line for each field of a plugin that refers to a party.
// The model has the plugin's Sources.
func PartiesIn(m *schema.Model, plugin string) error {
	party := m.Entity("party")
	if party == nil {
		return nil
	}
	var problems strictyaml.Problems
	for _, r := range m.ReferencesTo(party) {
		if file := r.Field.File(); strings.HasPrefix(file, Layer(plugin)+"/") {
			problems = append(problems, strictyaml.Problem{File: file, Line: r.Field.Line, Message: fmt.Sprintf(
				"field %q refers to a party, and the plugin does not say what becomes of its data when parties are merged, handed out or erased; set PartyData in sdk.Plugin (party_data of Describe): "+
					"sdk.OnlyRecords() if all that it keeps about a party is in fields, and Merge, Export and Erase otherwise", r.Path)})
		}
	}
	return problems.Err()
}
