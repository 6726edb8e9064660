package mongo

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestASumThatMayHaveBeenRoundedIsNotTakenForExact(t *testing.T) {
	const digits = "1234567890123456789012345678901234"
	tests := map[string]struct {
		sum, size any
		want      string // "" when it may have been rounded
	}{
		"cents":                      {decimal128(t, "1234567.89"), decimal128(t, "9876543.21"), "1234567.89"},
		"no value at all":            {int32(0), int32(0), "0"},
		"a sum of integers":          {decimal128(t, "18446744073709551614"), decimal128(t, "18446744073709551614"), "18446744073709551614"},
		"needless zeros":             {decimal128(t, "1.500"), decimal128(t, "2.500"), "1.5"},
		"very small numbers":         {decimal128(t, "2E-34"), decimal128(t, "4E-34"), "0.0000000000000000000000000000000002"},
		"all digits taken":           {decimal128(t, digits), decimal128(t, digits), ""},
		"more than all digits":       {decimal128(t, digits+"E+1"), decimal128(t, digits+"E+1"), ""},
		"most of it taken off again": {decimal128(t, "0.5"), decimal128(t, digits), ""},
		"digits at both ends":        {decimal128(t, "0.00000000000000000000000000000001"), decimal128(t, "100"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			group, err := bson.Marshal(bson.D{{Key: "m3_0", Value: tt.sum}, {Key: "m3_1", Value: tt.size}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := wholeSum{}.read(group, 3)
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("the sum %v of numbers of the size %v is read as %q, %v; want %q", tt.sum, tt.size, got, err, tt.want)
			}
		})
	}
}

func decimal128(t *testing.T, text string) bson.Decimal128 {
	t.Helper()
	d, err := bson.ParseDecimal128(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
