// Package snapshot decides what holds at a moment: the model, the rights, what
// plugins contribute, and the API made of it all are one immutable value, and
// one admission lets in what changes it.
package snapshot
