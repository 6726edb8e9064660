// Package backup writes a database into one file while others write to it, and
// fills an empty database from such a file, whichever of the stores either of
// them is in. A backup is the database at one position of the journal; README.md
// says what it has and what not.
//
// It reads and writes no records in the name of anybody: rights and rules are not
// asked, and what is in the file is not validated against a model.
package backup
