// Package table reads the rows of a CSV file one by one, whatever state the
// file is in: a row that cannot be read is handed out with its line number
// and the reasons, and the rows after it are read as if it were not there. It
// does not know what the cells mean.
package table
