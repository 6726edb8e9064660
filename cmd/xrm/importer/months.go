package importer

import (
	"strings"

	"github.com/openxrm/xrm/schema"
)

// monthNames are those of CLDR 46 for English, German, Austrian German and
// French: the whole names, the abbreviations of text and of tables, and what
// spreadsheets write besides (Mrz, Sep). No name is that of two months.
var monthNames = monthsByName(
	"january jan januar jänner jän janvier janv",
	"february feb februar feber février févr fév",
	"march mar märz mrz mär maerz mars",
	"april apr avril avr",
	"may mai",
	"june jun juni juin",
	"july jul juli juillet juil",
	"august aug août",
	"september sept sep septembre",
	"october oct oktober okt octobre",
	"november nov novembre",
	"december dec dezember dez décembre déc",
)

func monthsByName(months ...string) map[string]int {
	byName := map[string]int{}
	for i, names := range months {
		for _, name := range strings.Fields(names) {
			byName[schema.Fold(name)] = i + 1
		}
	}
	return byName
}
