package cron_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk/contract/cron"
)

func TestAScheduleComesWhenTheClockOfItsZoneSaysSo(t *testing.T) {
	tests := map[string]struct {
		text, zone, after string
		want              []string
	}{
		"weekdays at seven":                      {"0 7 * * 1-5", "", "2026-02-27T06:00:00Z", []string{"2026-02-27T07:00:00Z", "2026-03-02T07:00:00Z"}},
		"in a zone":                              {"0 7 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", []string{"2026-03-28T06:00:00Z", "2026-03-29T05:00:00Z"}},
		"the time itself is over":                {"0 7 * * *", "", "2026-02-27T07:00:00Z", []string{"2026-02-28T07:00:00Z"}},
		"an hour that the clock leaves out":      {"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"}},
		"every night, when an hour comes twice":  {"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		"from between the two hours":             {"30 2 * * *", "Europe/Berlin", "2026-10-25T00:40:00Z", []string{"2026-10-26T01:30:00Z"}},
		"several hours, one of which twice":      {"0 1-3 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", []string{"2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"}},
		"every day, when midnight comes twice":   {"@daily", "America/Havana", "2026-10-31T12:00:00Z", []string{"2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"}},
		"every hour when one comes twice":        {"30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"}},
		"hourly when one comes twice":            {"@hourly", "Europe/Berlin", "2026-10-24T23:30:00Z", []string{"2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"}},
		"each quarter of an hour that is twice":  {"*/15 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", []string{"2026-10-25T00:45:00Z", "2026-10-25T01:00:00Z"}},
		"half an hour twice":                     {"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", []string{"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
		"every hour when one is left out":        {"0 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"}},
		"a day of the month, and a weekday":      {"0 0 1 * 1", "", "2026-03-31T00:00:00Z", []string{"2026-04-01T00:00:00Z", "2026-04-06T00:00:00Z"}},
		"a day that few years have":              {"0 0 29 2 *", "", "2026-01-01T00:00:00Z", []string{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
		"hourly":                                 {"@hourly", "", "2026-01-01T00:10:00Z", []string{"2026-01-01T01:00:00Z"}},
		"every ten minutes from when it was due": {"@every 10m", "", "2026-01-01T00:07:00Z", []string{"2026-01-01T00:17:00Z", "2026-01-01T00:27:00Z"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := cron.Parse(tt.text, tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for range tt.want {
				at = s.Next(at)
				got = append(got, at.Format(time.RFC3339))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s after %s: -want +got:\n%s", s, tt.after, diff)
			}
		})
	}
}

func TestAScheduleThatCannotBeReadIsRefusedWithWhatToWrite(t *testing.T) {
	const how = "; write five fields (minute hour day month weekday), @hourly, @daily, @weekly, @monthly, @yearly, or for example @every 10m"
	tests := map[string]struct{ text, zone, want string }{
		"nothing":              {"", "", `the schedule "" cannot be read: empty spec string` + how},
		"too few fields":       {"0 7 * *", "", `the schedule "0 7 * *" cannot be read: expected exactly 5 fields, found 4: [0 7 * *]` + how},
		"too large a minute":   {"61 * * * *", "", `the schedule "61 * * * *" cannot be read: end of range (61) above maximum (59): "61"` + how},
		"an unknown word":      {"@often", "", `the schedule "@often" cannot be read: unrecognized descriptor: "@often"` + how},
		"too often":            {"@every 10ms", "", `the schedule "@every 10ms" cannot be read: @every duration must be at least 1s: "@every 10ms"` + how},
		"a day that never is":  {"0 0 30 2 *", "", `the schedule "0 0 30 2 *" never comes: there is no such day`},
		"an unknown zone":      {"@daily", "Europe/Berln", `the time zone "Europe/Berln" is not known; write it as in the IANA list, for example Europe/Berlin`},
		"whatever is here":     {"@daily", "Local", `the time zone "Local" is not known; write it as in the IANA list, for example Europe/Berlin`},
		"a zone in the fields": {"TZ=UTC 0 7 * * *", "", `the schedule "TZ=UTC 0 7 * * *" names a time zone; write it beside the schedule`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := cron.Parse(tt.text, tt.zone); err == nil || err.Error() != tt.want {
				t.Errorf("Parse(%q, %q) says %v; want %s", tt.text, tt.zone, err, tt.want)
			}
		})
	}
}
