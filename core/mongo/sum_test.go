package mongo

import (
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestASumThatMayHaveBeenRoundedIsNotTakenForExact(t *testing.T) {
	const digits = "1234567890123456789012345678901234"
	tests := map[string]struct {
		sum, size any
		want      any
		wantErr   error
	}{
		"cents":                      {decimal128(t, "1234567.89"), decimal128(t, "9876543.21"), "1234567.89", nil},
		"no value at all":            {int32(0), int32(0), nil, nil},
		"a sum of integers":          {decimal128(t, "18446744073709551614"), decimal128(t, "18446744073709551614"), "18446744073709551614", nil},
		"needless zeros":             {decimal128(t, "1.500"), decimal128(t, "2.500"), "1.5", nil},
		"very small numbers":         {decimal128(t, "2E-34"), decimal128(t, "4E-34"), "0.0000000000000000000000000000000002", nil},
		"all digits taken":           {decimal128(t, digits), decimal128(t, digits), nil, errRounded},
		"more than all digits":       {decimal128(t, digits+"E+1"), decimal128(t, digits+"E+1"), nil, errRounded},
		"most of it taken off again": {decimal128(t, "0.5"), decimal128(t, digits), nil, errRounded},
		"digits at both ends":        {decimal128(t, "0.00000000000000000000000000000001"), decimal128(t, "100"), nil, errRounded},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			group, err := bson.Marshal(bson.D{{Key: "m3_0", Value: tt.sum}, {Key: "m3_1", Value: tt.size}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := wholeSum{}.read(group, 3)
			if got != tt.want || !errors.Is(err, tt.wantErr) {
				t.Errorf("the sum %v of numbers of the size %v is read as %v, %v; want %v, %v", tt.sum, tt.size, got, err, tt.want, tt.wantErr)
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
