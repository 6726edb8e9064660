package core

import "time"

// ServiceRun is where a service of a plugin stands, on whatever instance it runs.
type ServiceRun struct {
	Plugin    string
	Service   string
	State     ServiceState
	Instance  string    // that runs it; "" for none
	Since     time.Time // it runs, or has failed; zero while it waits
	LastError string    // why it last ended by itself; "" when it never has. It stays while the service runs again
	FailedAt  time.Time // when that was
}

// ServiceState says whether a service runs.
type ServiceState string

// The states. What waits or has failed is begun by the first instance that may, while
// the plugin answers there.
const (
	ServiceRunning ServiceState = "RUNNING"
	ServiceWaiting ServiceState = "WAITING" // no instance runs it
	ServiceFailed  ServiceState = "FAILED"  // it has ended by itself, and begins again after a pause
)
