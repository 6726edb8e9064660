#!/bin/sh
# Imports the sample into a running xrm server.
# usage: import.sh [flags of xrm import]
#
# XRM names the program (default bin/xrm), REJECTED the folder for rejected rows
# (default: the current one).
set -eu
here=$(dirname "$0")

file() { # FILE FLAGS...: imports one file
	csv=$1
	shift
	"${XRM:-bin/xrm}" import "$here/$csv.csv" --rejected "${REJECTED:-.}/$csv.rejected.csv" "$@"
}

file suppliers --entity supplier --key number "$@"
file customers --entity customer --key number "$@"
file products --entity product --key sku "$@"
file orders --map "$here/orders.yaml" "$@"
