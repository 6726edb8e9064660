package main

import "testing"

func TestTheStoreIsNamedWithoutItsPassword(t *testing.T) {
	for store, want := range map[string]string{
		"sqlite":                    "SQLite in ./data",
		"memory":                    "in memory: nothing is kept when the server ends",
		"mongodb://127.0.0.1:27017": "MongoDB at 127.0.0.1:27017, database xrm",
		"mongodb://u:p%40ss@a:1,b:2/crm?replicaSet=x": "MongoDB at a:1,b:2, database crm",
		"mongodb+srv://u:p@ss@db.example/":            "MongoDB at db.example, database xrm",
	} {
		c := defaultConfig()
		c.Store = store
		if got := storeName(c); got != want {
			t.Errorf("%s is called %q, want %q", store, got, want)
		}
	}
}
