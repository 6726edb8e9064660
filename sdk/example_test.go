package sdk_test

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/sdk"
)

// A whole plugin: it greets customers by name.
func ExampleServe() {
	main := func() {
		sdk.Serve(sdk.Plugin{
			Name:    "greeter",
			Version: "1.0.0",
			Fields: []sdk.Field{
				sdk.Computed("customer", "greeting", func(_ context.Context, _ sdk.Host, customers []*sdk.Record) ([]string, error) {
					greetings := make([]string, len(customers))
					for i, customer := range customers {
						greetings[i] = "Hello " + customer.Text("displayName")
					}
					return greetings, nil
				}),
			},
		})
	}
	_ = main // a program of its own, which xrm starts
}

// A rule that changes what is stored.
func ExampleSaveFunc() {
	var tidy sdk.SaveFunc = func(_ context.Context, _ sdk.Host, r *sdk.Record) error {
		if r.Text("subject") == "" {
			r.Values["subject"] = "No subject"
		}
		return nil
	}
	r := &sdk.Record{Entity: "complaint", Values: map[string]any{}}
	err := tidy(context.Background(), nil, r)
	fmt.Println(r.Values["subject"], err)
	// Output: No subject <nil>
}

// Several reasons to refuse are told at once.
func ExampleReject() {
	fmt.Println(sdk.Reject("reason", "is required when a complaint is rejected"))
	// Output: reason is required when a complaint is rejected
}
