// Package wording says what users read in their language. What is said is written in
// English, where it is said, and that text is its own key: a file for each other language
// maps it to what is said there. So it is one place that knows of languages, the door, and
// a plugin in any programming language has no more to do than to bring the file.
package wording
