package naming_test

import (
	"regexp"
	"testing"

	"github.com/openxrm/xrm/sdk/naming"
)

func TestATopicIsAboutWhatHappensToItsSubject(t *testing.T) {
	tests := map[string]struct {
		topic, happened string
		roles           []string
		want            bool
	}{
		"the same":                            {"order.created", "order.created", nil, true},
		"another action":                      {"order.created", "order.updated", nil, false},
		"another subject":                     {"order.created", "visit.created", nil, false},
		"all of a subject":                    {"order.*", "order.erased", nil, true},
		"all of another":                      {"order.*", "orderLine.erased", nil, false},
		"what a plugin tells":                 {"complaints.escalated", "complaints.escalated", nil, true},
		"a role that the party has":           {"customer.updated", "party.updated", []string{"customer", "supplier"}, true},
		"the party, which has a role":         {"party.updated", "party.updated", []string{"customer"}, true},
		"a role that it has not":              {"supplier.updated", "party.updated", []string{"customer"}, false},
		"another action of its role":          {"customer.created", "party.updated", []string{"customer"}, false},
		"a star is no subject":                {"*.created", "order.created", nil, false},
		"a subject alone is about no action":  {"order", "order.created", nil, false},
		"an action that begins like the star": {"order.*d", "order.created", nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := naming.TopicFits(tt.topic, tt.happened, tt.roles); got != tt.want {
				t.Errorf("TopicFits(%q, %q, %q) = %v, want %v", tt.topic, tt.happened, tt.roles, got, tt.want)
			}
		})
	}
}

func TestAnEndpointAnswersItsPathAndWhatLiesBelowASlash(t *testing.T) {
	tests := map[string]struct {
		method, path, requestMethod, requestPath string
		want                                     bool
	}{
		"its path":                 {"POST", "/erp", "POST", "/erp", true},
		"another method":           {"POST", "/erp", "GET", "/erp", false},
		"every method":             {"", "/erp", "PUT", "/erp", true},
		"below a path":             {"POST", "/erp", "POST", "/erp/orders", false},
		"below a slash":            {"POST", "/erp/", "POST", "/erp/orders/7", true},
		"the slash itself":         {"POST", "/erp/", "POST", "/erp/", true},
		"the path without a slash": {"POST", "/erp/", "POST", "/erp", false},
		"beside it":                {"", "/erp/", "POST", "/erpx/", false},
		"everything":               {"", "/", "DELETE", "/a/b", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := naming.EndpointFits(tt.method, tt.path, tt.requestMethod, tt.requestPath); got != tt.want {
				t.Errorf("%s %s answers %s %s: %v, want %v", tt.method, tt.path, tt.requestMethod, tt.requestPath, got, tt.want)
			}
		})
	}
}

func TestNamesHaveAForm(t *testing.T) {
	tests := map[string]struct {
		form *regexp.Regexp
		good []string
		bad  []string
	}{
		"plugin": {naming.Plugin, []string{"complaints", "sap-2"}, []string{"", "Complaints", "2sap", "a/b", "a.b", "a b"}},
		"API":    {naming.API, []string{"closeComplaint", "sla2"}, []string{"", "CloseComplaint", "close-complaint", "close_complaint", "a\n"}},
		"topic":  {naming.Topic, []string{"order.created", "order.*", "sap-2.Posted"}, []string{"", "order", "*", "order.", ".created", "order.created.again", "*.created"}},
		"path":   {naming.Path, []string{"/", "/erp", "/erp/orders/", "/a.b~c"}, []string{"", "erp", "/erp?x", "/a b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, good := range tt.good {
				if !tt.form.MatchString(good) {
					t.Errorf("%q is refused", good)
				}
			}
			for _, bad := range tt.bad {
				if tt.form.MatchString(bad) {
					t.Errorf("%q is accepted", bad)
				}
			}
		})
	}
}
