package core

import "github.com/openxrm/xrm/schema"

// Definitions are the sources of the model that was served last, by whichever
// instance, and what was gone from it by then: what is stored fits them. Empty when
// none was kept yet.
type Definitions struct {
	Sources []schema.Source `json:"sources"`
	Gone    []schema.Gone   `json:"gone,omitempty"`
}
