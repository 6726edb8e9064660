package contract_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/worktime"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func TestWorkingTimeThatNobodyCanCountIsRefused(t *testing.T) {
	t.Parallel()
	site, err := worktime.Load([]schema.Source{{File: "a.yaml", Data: []byte("calendar: service\nzone: UTC\nhours: {daily: [00:00-24:00]}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	for milliseconds, want := range map[int64]string{
		math.MinInt64:  "-9223372036854775808 milliseconds are less than none; working time is counted forward",
		-9223372036855: "-9223372036855 milliseconds are less than none; working time is counted forward", // in nanoseconds it is more than none
		-1:             "-1 milliseconds are less than none; working time is counted forward",
		math.MaxInt64:  "9223372036854775807 milliseconds are more than a hundred years",
	} {
		got, err := contract.WorkTime(site, &pluginpb.WorkTimeRequest{Calendar: "service", From: "2026-01-02T15:04:05Z", Ask: &pluginpb.WorkTimeRequest_Milliseconds{Milliseconds: milliseconds}})
		if want := fmt.Sprintf("The working time cannot be counted: %s.", want); err == nil || err.Error() != want {
			t.Errorf("%d: %v, %v; want %s", milliseconds, got, err, want)
		}
	}
}
