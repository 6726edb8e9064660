#!/bin/sh
# Imports the sample into a running xrm server.
# usage: import.sh [flags of xrm import]; XRM names the program (default bin/xrm)
set -eu
here=$(dirname "$0")
xrm=${XRM:-bin/xrm}
"$xrm" import "$here/suppliers.csv" --entity supplier --key number "$@"
"$xrm" import "$here/customers.csv" --entity customer --key number "$@"
"$xrm" import "$here/products.csv" --entity product --key sku "$@"
"$xrm" import "$here/orders.csv" --map "$here/orders.yaml" "$@"
