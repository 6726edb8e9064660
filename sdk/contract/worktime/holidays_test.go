package worktime_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// offIn lists the days of a year on which a calendar with all hours and the holidays of
// a region is closed.
func offIn(t *testing.T, region string, year int) []string {
	t.Helper()
	c := load(t, "calendar: service\nzone: UTC\nhours: {daily: [00:00-24:00]}\nholidays: "+region+"\n")
	var off []string
	for at := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); at.Year() == year; at = at.AddDate(0, 0, 1) {
		if !c.IsOpen(at) {
			off = append(off, at.Format("01-02"))
		}
	}
	return off
}

// easters are as the churches and the Physikalisch-Technische Bundesanstalt publish them.
var easters = map[int]string{
	2015: "04-05", 2016: "03-27", 2017: "04-16", 2018: "04-01", 2019: "04-21", 2020: "04-12", 2021: "04-04", 2022: "04-17",
	2023: "04-09", 2024: "03-31", 2025: "04-20", 2026: "04-05", 2027: "03-28", 2028: "04-16", 2029: "04-01", 2030: "04-21",
}

// repentance is the Buß- und Bettag.
var repentance = map[int]string{
	2015: "11-18", 2016: "11-16", 2017: "11-22", 2018: "11-21", 2019: "11-20", 2020: "11-18", 2021: "11-17", 2022: "11-16",
	2023: "11-22", 2024: "11-20", 2025: "11-19", 2026: "11-18", 2027: "11-17", 2028: "11-22", 2029: "11-21", 2030: "11-20",
}

// TestTheHolidaysOfAllGermanStates holds the tables against lists that are written the
// other way round: by state, with the years in which it had what.
func TestTheHolidaysOfAllGermanStates(t *testing.T) {
	t.Parallel()
	own := map[string]string{ // D is the first year with 31 October, F with 8 March, K with 20 September
		"BB": "easter whit D1995", "BE": "F2019", "BW": "01-06 corpus 11-01", "BY": "01-06 corpus 11-01", "HB": "D2018", "HE": "corpus", "HH": "D2018",
		"MV": "D1995 F2023", "NI": "D2018", "NW": "corpus 11-01", "RP": "corpus 11-01", "SH": "D2018", "SL": "corpus 08-15 11-01", "SN": "D1995 repentance",
		"ST": "01-06 D1995", "TH": "D1995 K2019", "BY-CATHOLIC": "01-06 corpus 08-15 11-01", "BY-AUGSBURG": "01-06 corpus 08-08 08-15 11-01",
	}
	once := map[string]string{"BE 2020": "05-08", "BE 2025": "05-08", "BE 2028": "06-17"}
	for year, on := range easters {
		sunday, _ := time.Parse(time.DateOnly, fmt.Sprint(year, "-", on))
		after := func(days int) string { return sunday.AddDate(0, 0, days).Format("01-02") }
		for state, days := range own {
			want := map[string]bool{"01-01": true, "05-01": true, "10-03": true, "12-25": true, "12-26": true, after(-2): true, after(1): true, after(39): true, after(50): true}
			for _, d := range strings.Fields(days) {
				switch first := 0; d[0] {
				case 'D', 'F', 'K':
					fmt.Sscan(d[1:], &first)
					want[map[byte]string{'D': "10-31", 'F': "03-08", 'K': "09-20"}[d[0]]] = year >= first
				default:
					named := map[string]string{"easter": on, "whit": after(49), "corpus": after(60), "repentance": repentance[year]}
					if named[d] != "" {
						d = named[d]
					}
					want[d] = true
				}
			}
			if year == 2017 {
				want["10-31"] = true
			}
			want[once[fmt.Sprint(state, " ", year)]] = true
			var list []string
			for d, is := range want {
				if is && d != "" {
					list = append(list, d)
				}
			}
			slices.Sort(list)
			if diff := cmp.Diff(list, offIn(t, "DE-"+state, year)); diff != "" {
				t.Errorf("%s in %d (-want +got):\n%s", state, year, diff)
			}
		}
	}
}

func TestTheHolidaysOfTheNeighbours(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"DE":        "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26",
		"AT":        "01-01 01-06 04-06 05-01 05-14 05-25 06-04 08-15 10-26 11-01 12-08 12-25 12-26",
		"FR":        "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25",
		"FR-ALSACE": "01-01 04-03 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25 12-26",
	} {
		if diff := cmp.Diff(strings.Fields(want), offIn(t, region, 2026)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", region, diff)
		}
	}
}
