#!/usr/bin/env bash
# A module that may be used under BSD or GPL is seen as one under the GPL alone.
#
# Software: github.com/google/licensecheck v0.3.1, which tells licenses apart for pkg.go.dev, on the license of
# kernel.org/pub/linux/libs/security/libcap/psx v1.2.78. github.com/landlock-lsm/go-landlock needs that module.
# One guesses: the first line of that file is an SPDX expression, "BSD-3-Clause OR GPL-2.0-only", and both texts follow.
# So both are found, or neither.
# It is: only GPL-2.0 is found, and 90 % of the file is said to be known. The expression and the BSD text, which differs
# in a few words from the usual one, are not matched.
# Who meets it: a program under another license with a gate in CI that looks at these names. It either refuses
# what may be linked, or lets the GPL pass for everybody.
# What helps: an exception for the module by its path, with the license that is chosen. xrm's list of licenses has it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/google/licensecheck"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	found := licensecheck.Scan(text)
	fmt.Printf("%s\nknown: %.0f %%\n", first, found.Percent)
	for _, m := range found.Match {
		fmt.Println("found:", m.ID)
	}
}
GO
{
	go mod init finding
	go get github.com/google/licensecheck@v0.3.1 kernel.org/pub/linux/libs/security/libcap/psx@v1.2.78
	license=$(go list -m -f '{{.Dir}}' kernel.org/pub/linux/libs/security/libcap/psx)/License
} >/dev/null 2>&1 || { echo "the packages cannot be installed" >&2; exit 2; }
go run . "$license" | tee seen

diff - seen <<'SEEN' || { echo "This has changed." >&2; exit 1; }
/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
known: 90 %
found: GPL-2.0
SEEN
echo "As described."
