#!/usr/bin/env bash
# The BSON type that the MongoDB driver makes of a json.Number depends on how the number is written, and one
# with a fraction loses digits without an error.
#
# Software: go.mongodb.org/mongo-driver/v2 v2.9.3, package bson
# One guesses: json.Number exists to keep numbers as they are, so a long decimal stays exact or is an error.
# It is: "12" becomes a 64-bit integer and "12.0" a double; "1.10" loses its zero; 22 digits become a double
# with 17, and so does an integer beyond 64 bits. Marshal returns no error.
# Who meets it: whoever decodes JSON with UseNumber, to be exact, and stores the result. A price arrives as
# a binary double, and an index holds doubles beside integers.
# What helps: turn each json.Number into a bson.Decimal128 oneself; ParseDecimal128 refuses what does not fit.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func main() {
	for _, text := range []string{"12", "12.0", "1.10", "9007199254740993", "9223372036854775808", "12345678901234567890.12"} {
		decoder := json.NewDecoder(strings.NewReader(`{"n": ` + text + `}`))
		decoder.UseNumber()
		var document map[string]any
		if err := decoder.Decode(&document); err != nil {
			panic(err)
		}
		data, err := bson.Marshal(document)
		if err != nil {
			fmt.Println(text, "error:", err)
			continue
		}
		value := bson.Raw(data).Lookup("n")
		fmt.Printf("%s: %s %s\n", text, value.Type, value)
	}
	exact, err := bson.ParseDecimal128("12345678901234567890.12")
	fmt.Println("ParseDecimal128:", exact, err)
}
GO
{
	go mod init finding
	go get go.mongodb.org/mongo-driver/v2@v2.9.3
} >/dev/null 2>&1 || { echo "the packages cannot be installed" >&2; exit 2; }
go run . | tee seen

diff - seen <<'SEEN' || { echo "This has changed." >&2; exit 1; }
12: 64-bit integer {"$numberLong":"12"}
12.0: double {"$numberDouble":"12.0"}
1.10: double {"$numberDouble":"1.1"}
9007199254740993: 64-bit integer {"$numberLong":"9007199254740993"}
9223372036854775808: double {"$numberDouble":"9.223372036854776E+18"}
12345678901234567890.12: double {"$numberDouble":"1.2345678901234567E+19"}
ParseDecimal128: 12345678901234567890.12 <nil>
SEEN
echo "As described."
