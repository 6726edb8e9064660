// Package workload is what clients of xrm do all day, as requests over HTTP: a
// world of customers, products and orders to fill a server with, and scenarios
// that run in it. It knows the API and nothing of how a server is made, so that
// it fits every version with the same API. It measures nothing.
package workload
