// Package web answers HTTP: it is every address of the server, the API, what
// plugins answer, health and metrics. It decides nothing: who asks says the
// Authenticator, what holds the snapshot of the moment.
package web
