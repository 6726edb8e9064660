// Package sdk is all that the author of a plugin imports. A plugin is a
// struct literal: what is set is offered.
//
//	func main() { sdk.Serve(plugin()) }
//
//	func plugin() sdk.Plugin {
//		return sdk.Plugin{
//			Name:       "complaints",
//			Version:    "1.0.0",
//			Entities:   entities,
//			BeforeSave: map[string]sdk.SaveFunc{"complaint": requireReason},
//		}
//	}
//
// Handlers are plain functions (ctx, host, what it is about), called
// concurrently, each with a deadline in ctx. The Host that a handler gets
// acts with the rights of the user who caused the call.
package sdk
