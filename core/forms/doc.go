// Package forms brings what is stored in the forms of former versions into those of
// today, once after they have changed. What a form is schema says; this package only
// goes through the records, and is not for rules of a site.
package forms
