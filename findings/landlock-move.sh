#!/usr/bin/env bash
# Inside a Landlock sandbox a file cannot be moved to another folder, not even within one that is writable as
# a whole, and the error says that the two are on different file systems.
#
# Software: Linux 5.19 or newer with Landlock, github.com/landlock-lsm/go-landlock v0.11.2
# One guesses: RWDirs(dir) allows everything below dir, so rename(dir/new/x, dir/cur/x) works, as it does for
# a mail folder or a queue.
# It is: creating, removing, and renaming within one folder work. Moving a file or a folder to another
# parent, and a hard link there, fail with EXDEV, "invalid cross-device link". It takes WithRefer.
# Who meets it: a program in a sandbox that writes to a temporary folder and moves the file into place, or
# that moves files from inbox/ to done/. Programs that know EXDEV copy instead, and then it is not atomic.
# What helps: make the temporary file in the folder where it is to be, and keep states in names.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

func main() {
	if abi, err := ll.LandlockGetABIVersion(); err != nil || abi < 2 {
		fmt.Fprintln(os.Stderr, "this kernel has no Landlock that could be tried")
		os.Exit(2)
	}
	for _, dir := range []string{"all/new", "all/cur", "all/new/folder"} {
		must(os.MkdirAll(dir, 0o755))
	}
	may := landlock.RWDirs("all")
	if len(os.Args) > 1 {
		may = may.WithRefer()
	}
	must(landlock.V3.BestEffort().RestrictPaths(may))
	must(os.WriteFile("all/new/x", []byte("a letter"), 0o644))
	say("rename within the folder", os.Rename("all/new/x", "all/new/y"))
	say("link in another folder  ", os.Link("all/new/y", "all/cur/z"))
	say("move to another folder  ", os.Rename("all/new/y", "all/cur/y"))
	say("move a folder           ", os.Rename("all/new/folder", "all/cur/folder"))
}

func say(what string, err error) {
	answer := "done"
	switch {
	case errors.Is(err, syscall.EXDEV):
		answer = "EXDEV, " + syscall.EXDEV.Error()
	case err != nil:
		answer = err.Error()
	}
	fmt.Println(what, answer)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
GO
{
	go mod init finding
	go get github.com/landlock-lsm/go-landlock/landlock@v0.11.2
	go build -o finding .
} >/dev/null 2>&1 || { echo "the packages cannot be installed" >&2; exit 2; }
mkdir plain refer
{
	echo "RWDirs:"
	(cd plain && ../finding)
	echo "RWDirs and WithRefer:"
	(cd refer && ../finding refer)
} | tee seen

diff - seen <<'SEEN' || { echo "This has changed." >&2; exit 1; }
RWDirs:
rename within the folder done
link in another folder   EXDEV, invalid cross-device link
move to another folder   EXDEV, invalid cross-device link
move a folder            EXDEV, invalid cross-device link
RWDirs and WithRefer:
rename within the folder done
link in another folder   done
move to another folder   done
move a folder            done
SEEN
echo "As described."
