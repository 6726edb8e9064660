// Command xrm is the whole program: it serves the API, imports files and
// checks entity definitions. It is the only place where the packages of the
// engine are wired together; what a command does lives in those packages and
// in the folders below this one.
package main
