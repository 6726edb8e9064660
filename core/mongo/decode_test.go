package mongo

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestDecimalsAreWrittenWithoutAnExponent(t *testing.T) {
	tests := map[string]string{
		"0": "0", "-0": "0", "0.0": "0.0", "1": "1", "12.50": "12.50", "-0.001": "-0.001", "1E3": "1000", "1.2E-5": "0.000012",
		"0E5": "0", "-12E+2": "-1200", "1234567890123456789012345678901234": "1234567890123456789012345678901234",
		"0.0000000000000000000000000000000001": "0.0000000000000000000000000000000001",
	}
	for stored, want := range tests {
		d, err := bson.ParseDecimal128(stored)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := plainDecimal(d); got != want || err != nil {
			t.Errorf("plainDecimal(%s) = %q, %v; want %q", stored, got, err, want)
		}
	}
	for _, stored := range []string{"NaN", "Infinity", "-Infinity"} {
		d, err := bson.ParseDecimal128(stored)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := plainDecimal(d); err == nil {
			t.Errorf("plainDecimal(%s) = %q; want an error", stored, got)
		}
	}
}

func TestAValueThatWasNotWrittenByXRMIsAnError(t *testing.T) {
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: "1"}, {Key: "weight", Value: 1.5}})
	if err != nil {
		t.Fatal(err)
	}
	want := "read weight of thing 1: a value of BSON type double was not written by xrm"
	if _, err := decodeRecord("thing", raw); err == nil || err.Error() != want {
		t.Errorf("decodeRecord: %v; want %s", err, want)
	}
}
