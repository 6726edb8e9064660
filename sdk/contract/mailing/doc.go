// Package mailing reads the templates of mails that a plugin brings, and makes mails
// of them: the same for every host of plugins, and for plugins in any language.
package mailing
