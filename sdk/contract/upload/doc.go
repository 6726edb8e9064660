// Package upload says what becomes of the name of a file that is uploaded, and of what type
// its content is: the same for every host of plugins.
package upload
