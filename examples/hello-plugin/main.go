// Hello is the smallest plugin of use: one field that every customer has more.
package main

import (
	"context"

	"github.com/openxrm/xrm/sdk"
)

func main() { sdk.Serve(plugin()) }

func plugin() sdk.Plugin {
	return sdk.Plugin{
		Name:    "hello",
		Version: "1.0.0",
		Fields:  []sdk.Field{sdk.Computed("customer", "greeting", greeting).Doc("How a letter begins.")},
	}
}

// greeting is called once for all the customers of a page.
func greeting(_ context.Context, _ sdk.Host, customers []*sdk.Record) ([]string, error) {
	greetings := make([]string, len(customers))
	for i, customer := range customers {
		greetings[i] = "Hello " + customer.Text("displayName")
	}
	return greetings, nil
}
