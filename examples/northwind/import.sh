#!/bin/sh
# Imports the Northwind files in DATA into a running xrm server.
# usage: import.sh DATA [flags of xrm import, such as --dry-run or --server URL]
#
# XRM names the program (default bin/xrm), REJECTED the folder for rejected rows
# (default: the current one). It stops at the first file that does not get in
# as a whole.
set -eu

[ $# -ge 1 ] || { echo "usage: $0 DATA [flags of xrm import]" >&2; exit 1; }
data=$1
shift
maps=$(dirname "$0")

file() { # FILE MAP...: imports one file with each of its maps
	csv=$1
	shift
	for map in "$@"; do
		"${XRM:-bin/xrm}" import "$data/$csv.csv" --map "$maps/$map.yaml" --rejected "${REJECTED:-.}/$map.rejected.csv" $flags
	done
}

flags=$*
file suppliers suppliers supplier-contacts supplier-contact-of
file customers customers customer-contacts customer-contact-of
file shippers shippers
file products products
file orders orders
file order-details order-details
